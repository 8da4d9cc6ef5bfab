/** Who has taken a controller, speaks its protocol perfectly, and wants a host to do what nobody approved. */
import {
  BREAK_GLASS_NAMESPACE,
  manifestBytes,
  REQUEST_NAMESPACE,
  sessionRoot,
  type ProblemCode,
} from '@fleetmend/shared'
import { expect } from 'vitest'
import { attack } from './attack-table.ts'
import {
  ana,
  approvalOf,
  ben,
  brokenGlassOf,
  grantOf,
  manifestOf,
  minuteMs,
  service,
  stranger,
  victimHost,
  type Victim,
} from './victim-host.ts'

/** Nothing begins by it, it is on the host's record, and afterwards the host does what it should. `begins`: what was approved on the way. */
function attempt(
  what: string,
  refusedWith: ProblemCode,
  tried: (host: Victim) => Promise<ProblemCode | null>,
  begins = 0,
): void {
  attack({ attacker: 'a malicious controller', attempt: what, refusedWith }, async () => {
    await using host = await victimHost()
    const code = await tried(host)
    expect(host.begun()).toBe(begins)
    // What is no procedure at all never comes as far as the host.
    if (refusedWith !== 'not-offered') expect(await host.refusals()).toEqual([refusedWith])
    await host.expectHealthy()
    return code
  })
}

attempt('applies without an approval', 'bad-input', async (host) => host.begin(await host.plan(), undefined))

attempt('applies with an approval that nobody signed', 'bad-input', async (host) => {
  const plan = await host.plan()
  return host.begin(plan, { ...approvalOf(plan), signatures: [] })
})

attempt('signs the approval itself', 'approver-unknown', async (host) => {
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan, { by: [stranger] }))
})

attempt('uses an approval whose time is over', 'approval-expired', async (host) => {
  const plan = await host.plan()
  const notAfter = new Date(Date.parse(plan.plan.madeAt) + 10 * minuteMs).toISOString()
  host.passMs(11 * minuteMs)
  return host.begin(plan, approvalOf(plan, { change: { notAfter } }))
})

attempt('uses an approval before its time', 'approval-not-yet', async (host) => {
  const plan = await host.plan()
  const notBefore = new Date(Date.parse(plan.plan.madeAt) + 10 * minuteMs).toISOString()
  return host.begin(plan, approvalOf(plan, { change: { notBefore } }))
})

attempt('makes an old approval last longer', 'signature-invalid', async (host) => {
  const plan = await host.plan()
  const old = approvalOf(plan, { change: { notAfter: new Date(Date.parse(plan.plan.madeAt) + 1).toISOString() } })
  return host.begin(plan, { ...old, manifest: manifestOf(plan) })
})

attempt(
  'replays an approval that was carried out',
  'plan-used',
  async (host) => {
    const plan = await host.plan()
    const approval = approvalOf(plan)
    await host.carryOut(plan, approval)
    return host.begin(plan, approval)
  },
  1,
)

attempt(
  'replays an approval after the agent was restarted',
  'plan-used',
  async (host) => {
    const plan = await host.plan()
    const approval = approvalOf(plan)
    await host.carryOut(plan, approval)
    host.restart()
    return host.begin(plan, approval)
  },
  1,
)

attempt('brings the approval of another host', 'approval-of-another-plan', async (host) => {
  const record = await host.plan()
  const elsewhere = { ...record, plan: { ...record.plan, host: 'web-2' } }
  return host.begin(record, approvalOf(elsewhere))
})

attempt('brings the approval of another plan', 'approval-of-another-plan', async (host) => {
  const approved = await host.plan()
  return host.begin(await host.plan(), approvalOf(approved))
})

attempt('brings the approval of the same plan with another input', 'approval-of-another-plan', async (host) => {
  const approved = await host.plan()
  const stronger = await host.plan({ service, startStopped: true })
  return host.begin(stronger, approvalOf(approved))
})

attempt('forges the proof that a plan is under the signed root', 'approval-of-another-plan', async (host) => {
  const approved = await host.plan()
  const approval = approvalOf(approved)
  const path = approval.proof.path.map((hash) => hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')))
  return host.begin(approved, { ...approval, proof: { ...approval.proof, path } })
})

attempt('claims that the signed root is the leaf itself', 'approval-of-another-plan', async (host) => {
  const approved = await host.plan()
  const proof = { index: 0, size: 1, path: [] }
  return host.begin(await host.plan(), { ...approvalOf(approved, { change: { hosts: 1 } }), proof })
})

attempt('has a plan approved that it invented', 'unknown-plan', async (host) => {
  const record = await host.plan()
  const invented = { ...record, digest: `sha256:${'1'.repeat(64)}` } as const
  return host.begin(invented, approvalOf(invented))
})

attempt('has one of two signatures', 'approval-too-few', async (host) => {
  host.policy('approvals: { ordinary: 2 }')
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan))
})

attempt('counts one signature twice', 'approval-too-few', async (host) => {
  host.policy('approvals: { ordinary: 2 }')
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan, { by: [ana, ana] }))
})

attempt('counts two keys of one person', 'approval-too-few', async (host) => {
  host.policy('approvals: { ordinary: 2 }')
  host.approvers(`ana ${ana.publicKey}\nana ${ben.publicKey}\n`)
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan, { by: [ana, ben] }))
})

attempt('counts one key under two names', 'approver-line-refused', async (host) => {
  host.policy('approvals: { ordinary: 2 }')
  host.approvers(`ana ${ana.publicKey}\nanna ${ana.publicKey}\n`)
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan, { by: [ana, ana] }))
})

const excluding = 'approvals: { requesterMayApprove: false }'

attempt('lets the requester approve', 'requester-approved', async (host) => {
  host.policy(excluding)
  const plan = await host.plan()
  const request = ana.sign(manifestBytes(manifestOf(plan)), REQUEST_NAMESPACE)
  return host.begin(plan, { ...approvalOf(plan), request })
})

attempt('says that somebody else asked', 'request-not-signed', async (host) => {
  host.policy(excluding)
  const plan = await host.plan()
  const approval = approvalOf(plan, { change: { requester: 'ben' } })
  return host.begin(plan, { ...approval, request: ana.sign(manifestBytes(approval.manifest), REQUEST_NAMESPACE) })
})

attempt('leaves out who asked', 'request-not-signed', async (host) => {
  host.policy(excluding)
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan, { change: { requester: 'ben' } }))
})

attempt('sends a policy of its own along', 'bad-input', async (host) => {
  host.policy('approvals: { ordinary: 2 }')
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan), { policy: { approvals: { ordinary: 1 } } })
})

attempt('looks for a way to write the policy', 'not-offered', (host) =>
  host.call('policy.write', { approvals: { ordinary: 1 } }),
)

attempt('goes on as if a host were not frozen', 'braked', async (host) => {
  host.freeze()
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan))
})

attempt('looks for a way to lift the freeze', 'not-offered', (host) => host.call('freeze.lift', {}))

attempt('applies what the host does not allow', 'not-allowed', async (host) => {
  host.policy('remediations: [tune-pool]')
  const plan = await host.plan()
  return host.begin(plan, approvalOf(plan))
})

attempt('says that it is root at the keyboard', 'bad-input', async (host) =>
  host.begin(await host.plan(), { kind: 'local-root', format: 'fleetmend.local-root/1', person: 'root' }),
)

attempt('says that root has started this session', 'not-approved', async (host) =>
  host.begin(await host.plan(), sessionRoot),
)

attempt('presents a grant as an approval', 'signature-misused', async (host) => {
  const plan = await host.plan()
  return host.begin(plan, { ...approvalOf(plan), signatures: grantOf().signatures })
})

attempt('presents an approval as a grant', 'signature-misused', async (host) => {
  const plan = await host.plan()
  return host.begin(plan, { ...grantOf(), signatures: approvalOf(plan).signatures })
})

attempt(
  'uses a grant more often than it says',
  'grant-used-up',
  async (host) => {
    host.policy('coolDownMinutes: 0')
    const first = await host.plan()
    const second = await host.plan()
    await host.carryOut(first, grantOf())
    host.restart()
    return host.begin(second, grantOf())
  },
  1,
)

attempt('gives a grant more uses', 'signature-invalid', async (host) => {
  const signed = grantOf()
  return host.begin(await host.plan(), { ...signed, grant: { ...signed.grant, perHour: 60 } })
})

attempt('uses a grant whose time is over', 'grant-expired', async (host) => {
  const signed = grantOf({ notAfter: new Date(Date.now() + 5 * minuteMs).toISOString() })
  host.passMs(6 * minuteMs)
  return host.begin(await host.plan(), signed)
})

attempt('uses the grant of other hosts', 'grant-not-for-this-host', async (host) =>
  host.begin(await host.plan(), grantOf({ hosts: { named: ['web-2'] } })),
)

attempt('uses the grant of another fleet', 'grant-not-for-this-host', async (host) =>
  host.begin(await host.plan(), grantOf({ hosts: { fleet: 'another' } })),
)

attempt('uses a grant for other remediations', 'grant-not-for-this-plan', async (host) =>
  host.begin(await host.plan(), grantOf({ remediations: ['reload-fpm'] })),
)

attempt('uses a grant for another input', 'grant-out-of-bounds', async (host) =>
  host.begin(await host.plan({ service, startStopped: true }), grantOf({}, [ana, ben])),
)

attempt('uses a grant and does not watch what comes of it', 'grant-out-of-bounds', async (host) =>
  host.begin(await host.plan(), grantOf({ watchAtLeastMs: minuteMs })),
)

attempt('has a grant of one person for what takes two', 'approval-too-few', async (host) =>
  host.begin(await host.plan({ service, startStopped: true }), grantOf()),
)

attempt('uses a grant that a stranger signed', 'approver-unknown', async (host) =>
  host.begin(await host.plan(), grantOf({}, [stranger])),
)

attempt('breaks the glass with the key of an approver who may not', 'approver-not-allowed', async (host) => {
  const plan = await host.plan()
  return host.begin(plan, brokenGlassOf(plan, ana))
})

const anaAlone = `ana namespaces="fleetmend-approval@v1,${BREAK_GLASS_NAMESPACE}" ${ana.publicKey}\n`

attempt('breaks the glass with an approval', 'signature-misused', async (host) => {
  host.approvers(anaAlone)
  const plan = await host.plan()
  return host.begin(plan, brokenGlassOf(plan, ana, 'fleetmend-approval@v1'))
})

attempt('breaks the glass where nobody may', 'break-glass-forbidden', async (host) => {
  host.approvers(anaAlone)
  host.policy('approvals: { breakGlass: false }')
  const plan = await host.plan()
  return host.begin(plan, brokenGlassOf(plan, ana))
})

attempt('breaks the glass of a frozen host', 'braked', async (host) => {
  host.approvers(anaAlone)
  host.freeze()
  const plan = await host.plan()
  return host.begin(plan, brokenGlassOf(plan, ana))
})
