/** Before anybody signs: that what was shown is what the manifest stands for. The controller's word alone is not enough. */
import {
  digestOf,
  manifestDigest,
  planTree,
  problem,
  type Manifest,
  type Problem,
  type RunView,
} from '@fleetmend/shared'

export type Checked =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problem: Problem }

/** `expected`: the digest that the approver has seen and named. */
export function checkManifest({ run, plans }: RunView, expected: string | undefined): Checked {
  const { manifest } = run
  if (!manifest) {
    const says = `There is nothing to approve: ${run.id} has no plan that waits for it (${run.state}). To see it:\n    fleetmend runs show ${run.id}`
    return { ok: false, problem: problem('run-not-ready', says) }
  }
  const digest = manifestDigest(manifest)
  if (expected !== undefined && expected !== digest) {
    const says = `You named ${expected}, and the manifest of ${run.id} is ${digest}. Look at it again before you sign:\n    fleetmend runs show ${run.id}`
    return { ok: false, problem: problem('wrong-digest', says) }
  }
  const wrong = whatIsWrong(manifest, run, plans)
  return wrong === null ? { ok: true, manifest } : { ok: false, problem: problem('cannot-sign', notWhatItSays(wrong)) }
}

function whatIsWrong(manifest: Manifest, run: RunView['run'], plans: RunView['plans']): string | null {
  if (manifest.run !== run.id) return `the manifest is of ${manifest.run}`
  const altered = plans.find(({ digest, plan }) => digestOf(plan) !== digest)
  if (altered) return `the plan of ${altered.plan.host} does not have the digest that it is given with`
  const planned = plans.map(({ digest, plan }) => ({ host: plan.host, digest }))
  if (new Set(planned.map(({ host }) => host)).size !== planned.length) return 'a host has two plans'
  const missing = run.hosts.find(({ id, plan }) => plan !== null && !planned.some(({ host }) => host === id))
  if (missing) return `the plan of ${missing.id} is missing`
  const tree = planTree(planned)
  if (tree.size !== manifest.hosts) return `it is about ${manifest.hosts} hosts, and plans of ${tree.size} were shown`
  return tree.root === manifest.root ? null : 'the plans that were shown are not the ones it stands for'
}

function notWhatItSays(wrong: string): string {
  return `What the controller shows is not what it asks you to sign: ${wrong}. Nothing was signed. Do not approve this run; look at the controller first.`
}
