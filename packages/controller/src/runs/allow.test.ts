import { manifestDigest, type Run } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import {
  applied,
  applyStarted,
  approvalAsked,
  approvalBy,
  approvedBy,
  at,
  glassBrokenBy,
  grantFor,
  grantPresented,
  planned,
  planOf,
  play,
  startedWith,
} from '../../test/sample-run.ts'
import { authorityFor } from './manifest-of.ts'
import type { RunEvent } from './run-event.ts'
import { begin, transition } from './transition.ts'

/** One host that asks for so much. */
function awaiting(asks: { approvalsNeeded?: number; requesterMayApprove?: boolean } = {}): Run {
  const record = { ...planOf('web-1'), ...asks }
  const planned: RunEvent = { type: 'host-planned', at, host: 'web-1', record }
  return play(begin(startedWith(['web-1'])).run, [planned, approvalAsked]).run
}

function refusal(run: Run, event: RunEvent | ((run: Run) => RunEvent)): string | null {
  const step = transition(run, typeof event === 'function' ? event(run) : event)
  return step.ok ? null : step.problem.code
}

const requestBy =
  (principal: string) =>
  (run: Run): RunEvent => ({
    type: 'request-signed',
    at,
    digest: manifestDigest(run.manifest!),
    request: approvalBy(principal),
  })

describe('where a host does not count whoever asked', () => {
  const run = awaiting({ requesterMayApprove: false })

  test('ana, who asked, signs that, and somebody else approves, in any order', () => {
    for (const events of [
      [requestBy('ana'), approvedBy('ben')],
      [approvedBy('ben'), requestBy('ana')],
    ]) {
      expect(play(run, events.slice(0, 1)).run.state).toBe('awaiting-approval')
      expect(play(run, events).run.state).toBe('approved')
    }
  })

  test('her approval is refused at once, and nobody can say that they asked', () => {
    expect(refusal(run, approvedBy('ana'))).toBe('requester-approved')
    expect(refusal(run, requestBy('ben'))).toBe('request-not-signed')
    expect(refusal(play(run, [requestBy('ana')]).run, requestBy('ana'))).toBe('run-not-ready')
  })

  test('the next command says what is missing', () => {
    const step = transition(play(run, [approvedBy('ben')]).run, applyStarted)
    expect(!step.ok && step.problem.detail).toContain(`fleetmend request ${run.id}`)
  })

  test('the hosts are shown the request beside the approvals', () => {
    const { run: done } = play(run, [requestBy('ana'), approvedBy('ben')])
    expect(authorityFor(done, 'web-1')).toMatchObject({ kind: 'approval', request: approvalBy('ana').signature })
  })
})

describe('break-glass', () => {
  test('one person is enough, and the run says so for ever', () => {
    const { run } = play(awaiting({ approvalsNeeded: 3 }), [
      glassBrokenBy('ben'),
      applyStarted,
      applied('web-1', 'fixed'),
    ])
    expect(run).toMatchObject({
      state: 'finished',
      breakGlass: { principal: 'ben', reason: 'nobody else is awake' },
      notes: [{ says: 'BREAK-GLASS: ben goes ahead alone: nobody else is awake' }],
    })
    expect(authorityFor(run, 'web-1')).toMatchObject({ kind: 'break-glass', reason: 'nobody else is awake' })
  })

  test('is of the manifest that was shown, and once', () => {
    const run = awaiting()
    const other = { ...glassBrokenBy('ben')(run), digest: `sha256:${'0'.repeat(64)}` } as RunEvent
    expect(refusal(run, other)).toBe('wrong-digest')
    expect(refusal(play(run, [glassBrokenBy('ben')]).run, glassBrokenBy('cho'))).toBe('run-not-ready')
  })
})

describe('a grant', () => {
  test('lets a run be begun without a person, and is what its hosts are shown', () => {
    const grant = grantFor(['web-1'])
    const { run } = play(awaiting({ approvalsNeeded: 2 }), [grantPresented(grant), applyStarted])
    expect(run.state).toBe('applying')
    expect(authorityFor(run, 'web-1')).toEqual(grant)
    expect(run.notes).toMatchObject([{ says: expect.stringContaining('signed in advance: the night runbook') }])
  })

  test('is refused where hosts would be watched for less than it asks for', () => {
    const asked = { want: 'for-findings', watchMs: 0 } as const
    const { run } = play(begin(startedWith(['web-1'], { asked })).run, [planned('web-1'), approvalAsked])
    const grant = grantFor(['web-1'], { watchAtLeastMs: 1 })
    expect(refusal(run, grantPresented(grant))).toBe('grant-out-of-bounds')
    expect(refusal(awaiting(), grantPresented(grant))).toBeNull()
  })

  test.each([
    { name: 'of other hosts', grant: grantFor(['web-2']), code: 'grant-not-for-this-host' },
    {
      name: 'of other remediations',
      grant: grantFor(['web-1'], { remediations: ['reload-fpm'] }),
      code: 'grant-not-for-this-plan',
    },
    { name: 'of other pools', grant: grantFor(['web-1'], { inputs: {} }), code: 'grant-out-of-bounds' },
    {
      name: 'of last year',
      grant: grantFor(['web-1'], { notAfter: '2026-11-20T12:00:00.000Z' }),
      code: 'grant-expired',
    },
    {
      name: 'of next year',
      grant: grantFor(['web-1'], { notBefore: '2026-11-22T00:00:00.000Z' }),
      code: 'grant-not-yet',
    },
  ])('$name is refused before any host is asked', ({ grant, code }) => {
    expect(refusal(awaiting(), grantPresented(grant))).toBe(code)
  })
})

test('a denial ends the run, says by whom and why, and nothing lets it begin again', () => {
  const { run } = play(awaiting(), [{ type: 'denied', at, by: 'ben', reason: 'not during the sale' }])
  expect(run).toMatchObject({ state: 'denied', stopping: { by: 'ben', says: 'Denied by ben: not during the sale' } })
  for (const event of [approvedBy('ben'), glassBrokenBy('ben'), grantPresented(grantFor(['web-1'])), applyStarted])
    expect(refusal(run, event)).toBe('run-not-ready')
})
