/**
 * `fleetmend-agent stdio`: the agent's socket on standard input and output, for whoever logs in over SSH. A login key is
 * bound to it (`restrict,command=` in authorized_keys, sshd(8)), so that what its owner asks for besides means nothing here.
 */
import { exitCodes, problem } from '@fleetmend/shared/problems'
import { agentSocketPath } from '../serve/agent-socket-path.ts'
import { handOnTo } from '../serve/hand-on.ts'
import type { Command } from './define.ts'
import { reportProblem } from './report-problem.ts'

export const stdioCommand: Command = {
  name: 'stdio',
  summary: "Hand standard input and output on to this host's socket: what a login key for SSH is bound to.",
  usage: 'stdio [--socket PATH]',
  options: {},
  words: 'any',
  needsNoRoot: true,

  async run({ positionals: [option, path], streams }) {
    // Nowhere but in front: behind it stands what somebody else may have added.
    const socketPath = option === '--socket' && path !== undefined ? path : agentSocketPath
    const end = await handOnTo(socketPath, process.stdin, process.stdout)
    if (end.is === 'ended') return exitCodes.done
    const code = end.is === 'denied' ? 'agent-socket-denied' : 'agent-not-serving'
    return reportProblem(streams, problem(code, end.says))
  },
}
