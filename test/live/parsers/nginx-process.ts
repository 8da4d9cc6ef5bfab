/** An nginx that runs in a tree, and requests that are made there one after the other. */
import { existsSync } from 'node:fs'
import type { DebianTree } from '../../lab/debian-tree.ts'
import { until } from '../../lab/until.ts'

export interface Ask {
  /** `127.0.0.1:8080` */
  readonly at: string
  readonly host: string
  readonly path: string
}

/** Status 0: there was no answer. The body is byte text. */
export interface Answered {
  readonly status: number
  readonly body: string
}

/** `main` names this as its pid file, which nginx removes when it has ended; a process without a parent to reap it stays. */
export const pidFile = '/run/nginx-parsers.pid'
const stopLimitMs = 10_000

/** It listens when this resolves: nginx binds before it goes into the background. */
export async function startNginx(tree: DebianTree, main: string): Promise<AsyncDisposable> {
  const started = await tree.run(['nginx', '-c', main], { encoding: 'latin1' })
  if (started.exitCode !== 0) throw new Error(started.stderr)
  return {
    [Symbol.asyncDispose]: async () => {
      await tree.run(['nginx', '-c', main, '-s', 'stop'])
      await until(() => !existsSync(tree.at(pidFile)), 'nginx to stop', stopLimitMs)
    },
  }
}

/** One curl for all of them. */
export async function askAll(tree: DebianTree, asks: readonly Ask[]): Promise<readonly Answered[]> {
  const end = '\u0001end\u0001'
  const config = asks.map(({ at, host, path }) =>
    [
      `url = "http://${at}${path}"`,
      // Without a name the header itself goes, and HTTP/1.0 needs none.
      host === '' ? 'header = "Host:"\nhttp1.0' : `header = "Host: ${host}"`,
      `write-out = "${end}%{http_code}${end}"`,
      'globoff\npath-as-is\nmax-time = 10',
    ].join('\n'),
  )
  const ran = await tree.run(['curl', '--silent', '--config', '-'], {
    input: config.join('\nnext\n'),
    encoding: 'latin1',
  })
  const parts = ran.stdout.split(end)
  return asks.map((_, place) => ({ body: parts[2 * place] ?? '', status: Number(parts[2 * place + 1] ?? 0) }))
}
