/** The pid file of a PHP-FPM that does not run: a clean end removes it (`fpm_conf.c:fpm_conf_unlink_pid`), a kill does not. */
import type { Read, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import type { PidFileFacts } from './host-facts.ts'

const longestPid = 32

export async function leftPidFile(
  host: ReadHost,
  config: Read<FpmConfig>,
  prefix: string,
): Promise<PidFileFacts | null> {
  const path = config.ok ? pidFilePath(config.value, prefix) : null
  return path === null ? null : readPidFile(host, path)
}

/** Null where none is written. */
export function pidFilePath({ global }: FpmConfig, prefix: string): string | null {
  const named = global.get('pid')?.value ?? ''
  if (named === '') return null
  // PHP_LOCALSTATEDIR, where relative names of `pid` and `error_log` begin.
  return named.startsWith('/') ? named : `${prefix === '/usr' ? '' : prefix}/var/${named}`
}

/** Null where there is none, or none that names a process. */
export async function readPidFile(host: ReadHost, path: string): Promise<PidFileFacts | null> {
  const [file, stat] = await Promise.all([host.readFile(path, longestPid), host.stat(path)])
  const pid = file.ok ? /^\s*(\d+)\s*$/.exec(textOf(file.value))?.[1] : undefined
  return pid !== undefined && stat.ok ? { path, pid: Number(pid), writtenMs: stat.value.modifiedMs } : null
}
