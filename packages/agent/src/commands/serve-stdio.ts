/**
 * `fleetmend-agent serve --stdio`: answers one session on standard input and output, as root, with no socket and no
 * controller. `fleetmend diagnose --ssh` starts it on hosts where no agent is installed.
 */
import { Console } from 'node:console'
import { once } from 'node:events'
import { Duplex, type Readable, type Writable } from 'node:stream'
import type { ReadableWritablePair } from 'node:stream/web'
import { exitCodes, safe } from '@fleetmend/shared'
import { answerRoot } from '../serve/root-session.ts'
import { productionStateRoot, statePaths } from '../state/state-paths.ts'
import type { Command } from './define.ts'
import { whoIsHere, whoLoggedIn } from './executor-here.ts'
import { startApplyHere } from './start-apply-here.ts'

export const serveStdioCommand: Command = {
  name: 'serve',
  summary: 'Answer one session on standard input and output, and end with it.',
  usage: 'serve --stdio',
  options: { stdio: { type: 'boolean' } },
  words: { min: 0, max: 0 },

  async run(context) {
    const { host, streams } = context
    // One stray line among the frames would end the session.
    globalThis.console = new Console(process.stderr, process.stderr)
    const stream = inOne({ readable: process.stdin, writable: process.stdout })
    const closed = once(stream, 'close').catch(() => undefined)
    const root = whoIsHere(process.env, await whoLoggedIn(host, process.env))
    await answerRoot(
      {
        ...{ host, root, start: startApplyHere, open: () => context.state(), paths: statePaths(productionStateRoot) },
        say: (line) => streams.err(`${safe(line)}\n`),
      },
      stream,
    )
    await closed
    // Nobody waits for what is still being looked at.
    process.exit(exitCodes.done)
  },
}

/** Its types know only the pairs of the web; Node's own it takes as well (`duplexify` in its source). */
function inOne(pair: { readonly readable: Readable; readonly writable: Writable }): Duplex {
  return Duplex.from(pair as object as ReadableWritablePair)
}
