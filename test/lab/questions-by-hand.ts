/** What a person types at a failing host in the first five minutes, and what a program costs there. */
import type { LiveHost } from './live-host.ts'

export const fpmUnit = 'php8.2-fpm'

/** Each program once, and nothing thought between them. */
export const questionsByHand = [
  ['systemctl', 'show', fpmUnit, 'nginx'],
  ['journalctl', '-u', fpmUnit, '-n', '200', '-o', 'json', '--no-pager'],
  ['php-fpm8.2', '-F', '-O', '-t'],
  ['nginx', '-T'],
  ['ss', '-xlnp'],
  ['ss', '-tlnp'],
  ['tail', '-c', '262144', '/var/log/nginx/error.log'],
  ['curl', '-s', '-o', '/dev/null', 'http://127.0.0.1/ok.php'],
] as const

export interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
}

/** Measured inside by bash's `time`, children included; starting it from outside is not part of it. */
export async function costOf(host: LiveHost, argv: readonly string[]): Promise<Cost> {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>/dev/null'
  const { stderr } = await host.run(['bash', '-c', script, 'time', ...argv])
  const [wall = 0, user = 0, system = 0] = stderr.trim().split(/\s+/).map(Number)
  return { wallMs: Math.round(wall * 1000), cpuMs: Math.round((user + system) * 1000) }
}
