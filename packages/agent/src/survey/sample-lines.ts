/** Lines of logs for tests of diagnoses, as FPM and nginx of the sample host write them, so many seconds ago. */
import { readFpmLog, type FpmLogEntry } from '../readings/fpm-log.ts'
import { readNginxErrorLog, type NginxErrorEntry } from '../readings/nginx-error-log.ts'
import { sampleFpm, sampleNowMs } from './sample-facts.ts'
import type { FpmFacts } from './host-facts.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A line of the FPM log, read as every line is; `text` begins with its level. */
export function fpmLine(text: string, secondsAgo: number): FpmLogEntry {
  const [entry] = readFpmLog(fpmText(text, secondsAgo))
  if (!entry) throw new Error(`Not a line of FPM: ${text}`)
  return entry
}

/** The same as it stands in the log. */
export function fpmText(text: string, secondsAgo: number): string {
  const [year, month, day, time] = localParts(secondsAgo)
  return `[${day}-${months[Number(month) - 1]}-${year} ${time}] ${text}\n`
}

export interface NginxLine {
  readonly secondsAgo: number
  /** The message with its phase: `recv() failed (104: …) while reading response header from upstream`. */
  readonly says: string
  readonly request?: string
  readonly upstream?: string
  readonly pid?: number
  readonly host?: string
}

const sampleUpstream = 'fastcgi://unix:/run/php/php8.2-fpm.sock:'

/** A line of nginx's error log about the sample site, by the sample worker. */
export function nginxLine(line: NginxLine): NginxErrorEntry {
  const [entry] = readNginxErrorLog(nginxText(line))
  if (!entry) throw new Error(`Not a line of nginx: ${line.says}`)
  return entry
}

/** The same as it stands in the log. */
export function nginxText(line: NginxLine): string {
  const {
    secondsAgo,
    says,
    request = 'GET / HTTP/1.1',
    upstream = sampleUpstream,
    pid = 51,
    host = 'shop.example',
  } = line
  const [year, month, day, time] = localParts(secondsAgo)
  return (
    `${year}/${month}/${day} ${time} [error] ${pid}#${pid}: *7 ${says}, client: 10.0.0.9, server: shop.example, ` +
    `request: "${request}", upstream: "${upstream}", host: "${host}"\n`
  )
}

export function fpmWithLog(entries: readonly FpmLogEntry[], changes: Partial<FpmFacts> = {}): FpmFacts {
  return sampleFpm({ log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries } }, ...changes })
}

/** In this machine's zone, as both write. */
function localParts(secondsAgo: number): readonly [string, string, string, string] {
  const at = new Date(sampleNowMs - secondsAgo * 1000)
  const two = (number: number) => String(number).padStart(2, '0')
  return [
    String(at.getFullYear()),
    two(at.getMonth() + 1),
    two(at.getDate()),
    [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':'),
  ]
}
