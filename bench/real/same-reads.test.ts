import { expect, test } from 'vitest'
import { asOneScript, sameReads } from './same-reads.ts'

const process = { state: 'S', startTicks: 1, cpuTicks: 1, comm: '', uid: 0 }
const processes = [
  { ...process, pid: 41, parentPid: 1, title: 'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)' },
  { ...process, pid: 47, parentPid: 1, title: 'nginx: master process /usr/sbin/nginx' },
  { ...process, pid: 48, parentPid: 47, title: 'nginx: worker process' },
  { ...process, pid: 50, parentPid: 41, title: 'php-fpm: pool www' },
]

function record(asked: readonly string[] = [], files: readonly string[] = []) {
  return {
    host: 'web-1' as const,
    takenAtMs: 0,
    files: new Map(files.map((path) => [path, new Uint8Array()])),
    answers: new Map<string, readonly unknown[]>([
      ['processes', [{ ok: true, value: processes }]],
      ...asked.map((each): [string, readonly unknown[]] => [each, []]),
    ]),
  }
}

test('a process is named by what it is, as each host has its own numbers', () => {
  const { lines } = sameReads(record(['link /proc/41/exe'], ['/proc/48/limits', '/proc/50/status', '/etc/group']))
  expect(lines['files']).toMatch(/cat -- \/proc\/\$1\/limits \/proc\/\$2\/status \/etc\/group$/)
  expect(lines['links']).toMatch(/readlink -- \/proc\/\$fpm\/exe$/)
  expect(() => sameReads(record([], ['/proc/99/status']))).toThrow('it is not known whose that is')
})

test('a log is read at its end, and is no file besides', () => {
  const { lines, count } = sameReads(record(['log /var/log/nginx/error.log'], ['/var/log/nginx/error.log']))
  expect(lines['logs']).toBe('tail -c 262144 -- /var/log/nginx/error.log')
  expect(lines['files']).not.toContain('error.log')
  // It, and the processes.
  expect(count).toBe(2)
})

test('what is asked for by a look and by nobody else is no comparison', () => {
  expect(() => sameReads(record(['ask kernel-journal 200']))).toThrow('A look asks for ask kernel-journal 200')
})

test('one script looks for the processes once', () => {
  const script = asOneScript(sameReads(record(['list /proc/48/fd'], ['/proc/41/status'])))
  expect(script.match(/pgrep -P \$fpm/g)).toHaveLength(1)
  expect(script).toContain('ls -A -- /proc/$1/fd')
})
