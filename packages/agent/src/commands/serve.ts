/** `fleetmend-agent serve`: answers a controller, and whoever may use this host's socket, until it is told to end. */
import { exitCodes, problem, safe } from '@fleetmend/shared'
import { textOf } from '../readings/bytes.ts'
import { accountId } from '../readings/account-names.ts'
import type { ReadHost } from '../host/host.ts'
import type { Command } from './define.ts'
import { reportProblem } from './report-problem.ts'
import { startApplyHere } from './start-apply-here.ts'

const defaultSocket = '/run/fleetmend/agent.sock'

/** Its members may ask this agent; what they may apply is decided by approvals all the same. */
const group = 'fleetmend'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Answer the controller of this host, and a local socket, until stopped.',
  usage: 'serve [--socket PATH]',
  options: { socket: { type: 'string' } },
  words: { min: 0, max: 0 },

  async run(context) {
    const { host, streams, values } = context
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    // The line to a controller is heavy, and only this command needs it.
    const { serveAgent } = await import('../serve/serve-agent.ts')
    const gid = await gidOf(host, group)
    const failure = await serveAgent(
      {
        host,
        state: state.value,
        start: startApplyHere,
        socketPath: typeof values['socket'] === 'string' ? values['socket'] : defaultSocket,
        ...(gid === null ? {} : { socketGid: gid }),
        say: (line) => streams.err(`${safe(line)}\n`),
      },
      context.untilTold(),
    )
    return failure === null ? exitCodes.done : reportProblem(streams, problem('apply-not-possible', failure))
  },
}

async function gidOf(host: ReadHost, name: string): Promise<number | null> {
  const read = await host.readFile('/etc/group')
  return read.ok ? accountId(textOf(read.value), name) : null
}
