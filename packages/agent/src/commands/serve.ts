/** `fleetmend-agent serve`: answers a controller, and whoever may use this host's socket, until it is told to end. */
import { dirname } from 'node:path'
import { exitCodes, problem } from '@fleetmend/shared/problems'
import { safe } from '@fleetmend/shared/views/paint'
import { readFile, readFrom, stat } from '../host/files.ts'
import { runTool } from '../host/run-tool.ts'
import { runningSelf, type Self } from '../host/self.ts'
import { accountId } from '../readings/account-names.ts'
import { textOf } from '../readings/bytes.ts'
import { readTargets } from '../samples/targets-text.ts'
import { answeringProcess } from '../serve/answering.ts'
import { agentSocketPath } from '../serve/agent-socket-path.ts'
import { serveAgent } from '../serve/serve-agent.ts'
import { enrolledName } from '../state/enrolled-name.ts'
import { ownHostId } from '../state/host-id.ts'
import type { SampleTargets } from '../survey/sample-targets.ts'
import type { Command } from './define.ts'
import { internalAnswer, internalRecordRenewal, internalSampleTargets } from './internal-names.ts'
import { reportProblem } from './report-problem.ts'

/** Its members may ask this agent; what they may apply is decided by approvals all the same. */
const group = 'fleetmend'

const targetsLimitMs = 30_000
const recordLimitMs = 30_000

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Answer the controller of this host, and a local socket, until stopped.',
  usage: 'serve [--socket PATH] | serve --stdio',
  options: { socket: { type: 'string' } },
  words: { min: 0, max: 0 },

  async run(context) {
    const { streams, values } = context
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const socketPath = typeof values['socket'] === 'string' ? values['socket'] : agentSocketPath
    const gid = await gidOf(group)
    const failure = await serveAgent(
      {
        name: ownHostId(enrolledName()),
        host: { nowMs: () => Date.now(), readFile, readFrom, stat },
        state: state.value,
        answering: answeringProcess({ self: quickSelf(), command: internalAnswer, folder: dirname(socketPath) }),
        sampleTargets,
        recordRenewal,
        socketPath,
        ...(gid === null ? {} : { socketGid: gid }),
        say: (line) => streams.err(`${safe(line)}\n`),
        // There with `--expose-gc` only, which the unit gives it: V8 itself sees no reason to hurry.
        atRest: () => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
      },
      context.untilTold(),
    )
    return failure === null ? exitCodes.done : reportProblem(streams, problem('apply-not-possible', failure))
  },
}

async function gidOf(name: string): Promise<number | null> {
  const read = await readFile('/etc/group')
  return read.ok ? accountId(textOf(read.value), name) : null
}

/**
 * Without the flags that this process was started with, which are for waiting. V8 does all of its work in one thread: what
 * takes a tenth of a second gains nothing from helpers that have to be woken (bench/diagnose-failing.ts).
 */
function quickSelf(): Self {
  return runningSelf(['--single-threaded-gc', '--no-concurrent-recompilation'])
}

/** Four times an hour, by a process that is gone again afterwards: finding out takes all that a diagnosis is made of. */
async function sampleTargets(): Promise<SampleTargets> {
  const { program, args } = quickSelf()
  const found = await runTool({ program, args: [...args, internalSampleTargets], limitMs: targetsLimitMs })
  if (!found.ok) throw new Error(found.says)
  return readTargets(found.value.stdout)
}

/** Once in many hours, by such a process, too. */
async function recordRenewal(): Promise<void> {
  const { program, args } = quickSelf()
  const ran = await runTool({ program, args: [...args, internalRecordRenewal], limitMs: recordLimitMs })
  if (!ran.ok) throw new Error(ran.says)
  if (ran.value.exitCode !== exitCodes.done) throw new Error(ran.value.stderr.trim())
}
