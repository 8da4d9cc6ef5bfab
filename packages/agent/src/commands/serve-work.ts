/**
 * The work behind `serve`, in processes of their own: answering calls, putting on record that the certificate was renewed,
 * and four times an hour finding out what there is to sample and keeping configurations that are good.
 */
import { exitCodes, safe } from '@fleetmend/shared'
import { recordRenewed } from '../audit/on-record.ts'
import type { Host } from '../host/host.ts'
import { keepLastGood } from '../keep-last-good.ts'
import { targetsText } from '../samples/targets-text.ts'
import { answerOnSocket } from '../serve/answer-calls.ts'
import { readIdentity } from '../state/identity.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { sampleTargets } from '../survey/sample-targets.ts'
import { startApplyHere } from './start-apply-here.ts'

/** Until its input ends, which the death of whoever started it sees to. */
export async function answerHere(host: Host, state: StateFolder, socketPath: string): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${safe(line)}\n`)
  const listening = () => void process.stdout.write('ready\n')
  const failure = await answerOnSocket(
    { host, state, start: startApplyHere, say },
    socketPath,
    process.stdin,
    listening,
  )
  if (failure === null) return exitCodes.done
  say(`cannot listen on ${socketPath}: ${failure}`)
  return exitCodes.internal
}

export async function printSampleTargets(host: Host, state: StateFolder): Promise<number> {
  process.stdout.write(targetsText(await sampleTargets(host)))
  for (const failure of await keepLastGood(host, state)) process.stderr.write(`${safe(failure)}\n`)
  return exitCodes.done
}

/** Of the identity that is on disk by now. */
export async function recordRenewal(host: Host, state: StateFolder): Promise<number> {
  const identity = readIdentity(state)
  if (identity.ok && identity.value !== null) await recordRenewed({ state, host }, identity.value)
  return exitCodes.done
}
