import type { Finding, HostDiagnosis } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { diagnosisGroups } from './diagnosis-groups.ts'

function crashed(service: string, says: string): Finding {
  const subject = { kind: 'service', name: service } as const
  return { diagnosis: 'fpm-crashed', role: 'cause', subject, says, evidence: [], remediations: [] }
}

function host(id: string, more: Partial<HostDiagnosis> = {}): HostDiagnosis {
  return {
    host: id,
    outcome: 'diagnosed',
    status: 'healthy',
    probes: [],
    findings: [],
    couldNotTell: [],
    tookMs: 1,
    ...more,
  }
}

const names = (hosts: readonly HostDiagnosis[]) => diagnosisGroups(hosts).map((group) => group.map((each) => each.host))

test('the same diagnosis of the same service is one group, whatever numbers and times stand in its sentences', () => {
  const down = (id: string, at: string, tookMs: number) =>
    host(id, { status: 'failing', findings: [crashed('php8.2-fpm', `killed at ${at}`)], tookMs })
  expect(names([down('web-1', '03:01', 5), down('web-2', '03:02', 9)])).toEqual([['web-1', 'web-2']])
})

test('another service, another role, something that could not be told: another group', () => {
  const one = host('web-1', { status: 'failing', findings: [crashed('php8.2-fpm', '')] })
  const other = host('web-2', { status: 'failing', findings: [crashed('php8.1-fpm', '')] })
  const follows = host('web-3', {
    status: 'failing',
    findings: [{ ...crashed('php8.2-fpm', ''), role: 'consequence' }],
  })
  const blind = host('web-4', { ...one, host: 'web-4', couldNotTell: [{ what: 'the log', why: 'gone' }] })
  expect(names([one, other, follows, blind])).toEqual([['web-1'], ['web-2'], ['web-3'], ['web-4']])
})

test('failing first, then those that could not be asked, then at risk, then healthy; the bigger group first', () => {
  const hosts = [
    host('ok-1'),
    host('risk-1', { status: 'at-risk' }),
    host('gone-1', { outcome: 'unreachable', status: undefined as never, says: 'not connected' }),
    host('bad-1', { status: 'failing' }),
    host('bad-2', { status: 'failing', findings: [crashed('a', '')] }),
    host('bad-3', { status: 'failing', findings: [crashed('a', '')] }),
  ]
  expect(names(hosts)).toEqual([['bad-2', 'bad-3'], ['bad-1'], ['gone-1'], ['risk-1'], ['ok-1']])
})
