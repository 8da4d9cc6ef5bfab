/** Three people with keys, a run over three hosts that they may approve, and a host among them that is asked. */
import { readApprovers } from '../src/approval/allowed-signers.ts'
import { authorise } from '../src/approval/authorise.ts'
import type { Approval, BreakGlass, SignedGrant } from '../src/approval/authority.ts'
import type { Grant } from '../src/approval/grant.ts'
import type { Manifest } from '../src/approval/manifest.ts'
import { APPROVAL_NAMESPACE, BREAK_GLASS_NAMESPACE, GRANT_NAMESPACE } from '../src/approval/namespaces.ts'
import { planTree } from '../src/approval/plan-tree.ts'
import type { Authorised, Presented, Terms } from '../src/approval/presented.ts'
import { digestOf } from '../src/digest.ts'
import type { Plan } from '../src/model/plan.ts'
import { Policy } from '../src/model/policy.ts'
import { hardwareKey } from './hardware-key.ts'
import { sampleGrant, manifestOver, signApproval, signBreakGlass, signGrant, type Signer } from './signed.ts'

export const nowMs = Date.parse('2026-11-21T03:20:00.000Z')
export const plans = ['web-1', 'web-2', 'web-3'].map((host) => ({ host, digest: digestOf({ plan: host }) }))
const tree = planTree(plans)
export const manifest = manifestOver(tree, {
  notBefore: '2026-11-21T03:15:00.000Z',
  notAfter: '2026-11-21T04:15:00.000Z',
})

export const ana = hardwareKey('ed25519')
export const anasSecond = hardwareKey('ecdsa')
export const ben = hardwareKey('ed25519')
export const stranger = hardwareKey('ed25519')
const list = `ana ${ana.publicKey}\nana ${anasSecond.publicKey}\nben ${ben.publicKey}\n`

export function approvalBy(
  signers: readonly Signer[],
  change: Partial<Manifest> = {},
  namespace = APPROVAL_NAMESPACE,
): Approval {
  return signApproval(signers, { manifest: { ...manifest, ...change }, proof: tree.proofOf('web-2')! }, namespace)
}

export const reason = 'shop is down, nobody else awake'

export function brokenGlassBy(signer: Signer, namespace = BREAK_GLASS_NAMESPACE): BreakGlass {
  return signBreakGlass(signer, approvalBy([ana]), reason, namespace)
}

/** For the plan that is asked about, and a little more. */
export const grant = sampleGrant({
  remediations: ['tune-pool', 'reload-fpm'],
  inputs: { pool: { oneOf: ['php8.2-fpm/www'] }, maxChildren: { atLeast: 5, atMost: 40 } },
  hosts: { named: ['web-2', 'web-3'] },
  perHour: 2,
  watchAtLeastMs: 60_000,
  notBefore: '2026-11-20T00:00:00.000Z',
  notAfter: '2026-12-20T00:00:00.000Z',
})

export function grantBy(
  signers: readonly Signer[],
  change: Partial<Grant> = {},
  namespace = GRANT_NAMESPACE,
): SignedGrant {
  return signGrant(signers, { ...grant, ...change }, namespace)
}

const { approvals: byDefault } = Policy.parse({})
/** What the judgement is about: its remediations and what it can do at worst. */
export const plan = {
  remediations: [{ id: 'tune-pool', input: { pool: 'php8.2-fpm/www' } }],
  acts: [],
  changes: [],
  watchMs: 60_000,
}

export type Asked = Partial<Presented> & Partial<Omit<Terms, 'policy'>> & { readonly policy?: Partial<Terms['policy']> }

export function ask({ plan: other, policy = {}, grantUses = 0, ...change }: Asked = {}): Authorised {
  const terms = { plan: other ?? (plan as unknown as Plan), policy: { ...byDefault, ...policy }, grantUses }
  return authorise(presented(change), terms)
}

export function presented(change: Partial<Presented> = {}): Presented {
  return {
    host: 'web-2',
    fleet: 'fleet-1',
    digest: plans[1]!.digest,
    authority: approvalBy([ana]),
    approvers: readApprovers(list),
    nowMs,
    ...change,
  }
}

/** What is refused, and in which words. */
export function refusal(answer: Authorised): readonly [code: string, detail: string] {
  return answer.ok ? ['none', ''] : [answer.problem.code, answer.problem.detail]
}
