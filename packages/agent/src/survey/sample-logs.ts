/** For tests: lines of logs as FPM and nginx write them, so long before the moment of the sample facts. */
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import { readNginxErrorLog, type NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { CapacityFacts, FpmCapacity } from './capacity-facts.ts'
import type { FpmFacts } from './host-facts.ts'
import { sampleCapacity, sampleFpm, sampleNowMs } from './sample-facts.ts'

/** Local time without a zone, as FPM and nginx write it on this machine. */
export function localTime(secondsAgo: number): string {
  const at = new Date(sampleNowMs - secondsAgo * 1000)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/** Lines as nginx writes them, of worker 51 unless told. */
export function nginxLog(secondsAgo: number, message: string, pid = 51): readonly NginxErrorEntry[] {
  const [date = '', time] = localTime(secondsAgo).split('T')
  return readNginxErrorLog(`${date.replaceAll('-', '/')} ${time} [error] ${pid}#${pid}: *7 ${message}`)
}

/** What follows a message: where nginx was with a request to the sample site. */
export function about(phase: string, request = 'GET / HTTP/1.1'): string {
  return ` while ${phase}, client: 10.0.0.9, server: shop.example, request: "${request}", upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "shop.example"`
}

export function fpmLog(entries: readonly FpmLogEntry[], changes: Partial<FpmFacts> = {}): FpmFacts {
  return sampleFpm({ log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries } }, ...changes })
}

export function fpmCapacity(changes: Partial<FpmCapacity>): CapacityFacts {
  const healthy = sampleCapacity()
  return { ...healthy, fpm: new Map([...healthy.fpm].map(([service, own]) => [service, { ...own, ...changes }])) }
}
