/**
 * What is answered to whoever wants an agent installed here, or taken away: first the steps, and once a person has agreed to
 * exactly these, what became of them. Files are put from the folder that this agent itself was started from.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostId, InstallationAnswer, InstallationRequest, Problem, WantedInstallation } from '@fleetmend/shared'
import { digestOf } from '@fleetmend/shared/digest'
import { agentUnits, filesDigest, installedFiles, versionFolder } from '@fleetmend/shared/model/installed-agent'
import { problem } from '@fleetmend/shared/problems'
import { readApprovers } from '@fleetmend/shared/approval/allowed-signers'
import { agentVersion } from '../version.ts'
import { carryOutSteps } from './carry-out-steps.ts'
import type { FoundAgent } from './found-agent.ts'
import { lookForAgent } from './look-for-agent.ts'
import { planInstallation, type Planned } from './plan-installation.ts'
import { planRemoval } from './plan-removal.ts'
import type { Services } from './services.ts'
import { stepWords } from './step.ts'
import { digestsIn, type Source } from './versions.ts'

export interface Installing {
  readonly root: string
  readonly services: Services
  /** Where this agent lies, with what is installed beside it. */
  readonly folder: string
  readonly sleep: (ms: number) => Promise<void>
}

interface Brought extends Source {
  readonly name: string
}

export async function answerRequest(request: InstallationRequest, here: Installing): Promise<InstallationAnswer> {
  const { wanted, agreed, token } = request
  const brought = wanted.want === 'installed' ? await whatIsBrought(here.folder) : null
  if (brought?.ok === false) return refusal(here.services.host, brought.problem)
  const bundle = brought?.value ?? null
  const found = await lookForAgent(here, bundle)
  const planned = wanted.want === 'removed' ? planRemoval(found, wanted) : await planInstalling(found, wanted, bundle)
  const shown = planned.steps.map(stepWords)
  const digest = digestOf(shown)
  const answer: InstallationAnswer = {
    format: 'fleetmend.installation-answer/1',
    host: found.host,
    before: found.current,
    after: planned.problem === null ? (bundle?.name ?? null) : found.current,
    enrolled: found.enrolled,
    digest,
    steps: shown.map((step) => ({ ...step, became: 'to-do' })),
    notes: [...planned.notes],
    problem: planned.problem,
  }
  if (agreed === null || planned.problem !== null) return answer
  if (agreed !== digest) return { ...answer, problem: changed() }
  const task = wanted.want === 'removed' ? 'uninstall' : 'install'
  const done = await carryOutSteps(planned.steps, task, { ...here, source: bundle, token })
  return {
    ...answer,
    after: done.problem?.code === 'install-failed' ? found.current : answer.after,
    enrolled: wanted.want === 'installed' ? await here.services.enrolled() : found.enrolled,
    steps: shown.map((step, at) => ({ ...step, became: done.became[at] ?? 'to-do' })),
    notes: [...answer.notes, ...done.notes],
    problem: done.problem,
  }
}

async function planInstalling(found: FoundAgent, wanted: WantedInstallation, bundle: Brought | null): Promise<Planned> {
  if (bundle === null) throw new Error('Nothing was brought. This is a bug.')
  const unusable = await whatIsUnusable(wanted)
  if (unusable !== null) return { steps: [], notes: [], problem: unusable }
  const unitTexts = await Promise.all(
    agentUnits.map(async (name) => [name, await readFile(join(bundle.folder, `${name}.service`), 'utf8')] as const),
  )
  return planInstallation(found, { ...wanted, version: bundle.name, unitTexts: new Map(unitTexts) })
}

async function whatIsBrought(
  folder: string,
): Promise<{ readonly ok: true; readonly value: Brought } | { readonly ok: false; readonly problem: Problem }> {
  const digests = await digestsIn(folder)
  const missing = Object.keys(installedFiles).filter((name) => !digests.has(name))
  if (missing.length > 0)
    return {
      ok: false,
      problem: problem(
        'agent-files-missing',
        `What is to be installed is not whole: ${missing.join(', ')} is missing.`,
      ),
    }
  return { ok: true, value: { name: versionFolder(agentVersion, filesDigest(digests)), folder, digests } }
}

/** A list of which nobody counts and a policy that cannot be kept are no mistakes to find out at night. */
async function whatIsUnusable({ approvers, policy }: WantedInstallation): Promise<Problem | null> {
  if (approvers !== null) {
    const { approvers: counting, refused } = readApprovers(approvers)
    const [first] = refused
    if (first)
      return problem('approvers-unusable', `Line ${first.line} of the approvers does not count: ${first.says}.`)
    if (counting.length === 0) return problem('approvers-unusable', 'Nobody stands in the list of approvers.')
  }
  if (policy !== null) {
    const { readPolicy } = await import('../readings/yaml/policy-text.ts')
    const read = readPolicy(policy)
    if (!read.ok) return problem('policy-unusable', `Line ${read.line} of the policy: ${read.says}`)
  }
  return null
}

function changed(): Problem {
  return problem('install-changed', 'The host changed after it was shown what would be done. Nothing was done.')
}

function refusal(host: HostId, why: Problem): InstallationAnswer {
  return {
    format: 'fleetmend.installation-answer/1',
    ...{ host, before: null, after: null, enrolled: null, digest: digestOf([]), steps: [], notes: [], problem: why },
  }
}
