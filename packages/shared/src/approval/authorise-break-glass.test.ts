import { expect, test } from 'vitest'
import {
  ana,
  ask,
  ben,
  brokenGlassBy,
  manifest,
  reason,
  refusal,
  stranger,
  type Asked,
} from '../../test/sample-approval.ts'
import { readApprovers } from './allowed-signers.ts'
import { APPROVAL_NAMESPACE } from './namespaces.ts'

const named = readApprovers(
  `ana namespaces="fleetmend-approval@v1,fleetmend-break-glass@v1" ${ana.publicKey}\nben ${ben.publicKey}\n`,
)
const askAlone = (change: Asked = {}) => ask({ approvers: named, authority: brokenGlassBy(ana), ...change })

test('is one person alone, whatever the number of approvals, and says why', () => {
  expect(askAlone({ policy: { ordinary: 5, requesterMayApprove: false } })).toEqual({
    ok: true,
    summary: { kind: 'break-glass', by: ['ana'], run: manifest.run, reason },
  })
})

test.each<{ name: string; change: Asked; code: string }>([
  { name: 'the policy forbids it', change: { policy: { breakGlass: false } }, code: 'break-glass-forbidden' },
  { name: 'a line without namespaces', change: { authority: brokenGlassBy(ben) }, code: 'approver-not-allowed' },
  { name: 'a stranger', change: { authority: brokenGlassBy(stranger) }, code: 'approver-unknown' },
  { name: 'an approval', change: { authority: brokenGlassBy(ana, APPROVAL_NAMESPACE) }, code: 'signature-misused' },
  {
    name: 'another reason',
    change: { authority: { ...brokenGlassBy(ana), reason: 'bored' } },
    code: 'signature-invalid',
  },
  { name: 'another host', change: { host: 'web-1' }, code: 'approval-of-another-plan' },
  { name: 'an hour later', change: { nowMs: Date.parse(manifest.notAfter) }, code: 'approval-expired' },
])('is refused: $name', ({ change, code }) => {
  expect(refusal(askAlone(change))[0]).toBe(code)
})
