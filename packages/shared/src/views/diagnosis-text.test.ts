import { expect, test } from 'vitest'
import type { HostDiagnosis } from '../model/finding.ts'
import { diagnosisText } from './diagnosis-text.ts'
import { plainPaint } from './paint.ts'

const diagnosis = (diff: string): HostDiagnosis => ({
  host: 'web-1',
  outcome: 'diagnosed',
  status: 'failing',
  probes: [],
  findings: [
    {
      diagnosis: 'fpm-config-invalid',
      role: 'cause',
      subject: { kind: 'service', name: 'php8.2-fpm' },
      says: 'It is down.',
      evidence: [{ source: '/etc/www.conf', says: 'not as it was', at: '2026-11-21T03:00:00.000Z', diff }],
      remediations: [{ id: 'restore-config', input: { service: 'php8.2-fpm' } }],
    },
  ],
  couldNotTell: [],
  tookMs: 1,
})
const textOf = (diff: string) => diagnosisText(diagnosis(diff), plainPaint, ({ id }) => `plan ${id}`)

test('a change is shown line by line below what it is evidence of', () => {
  expect(textOf('--- /etc/www.conf\n+++ /etc/www.conf\n@@ -1,1 +1,1 @@\n-max = 5\n+mx = 5\n')).toContain(
    [
      '      /etc/www.conf at 2026-11-21T03:00:00.000Z',
      ...['not as it was', '@@ -1,1 +1,1 @@', '-max = 5', '+mx = 5'].map((line) => `        ${line}`),
      '    What would fix it',
    ].join('\n'),
  )
})

test('what stands in a file cannot move the cursor of who reads of it', () => {
  expect(textOf('--- a\n+++ a\n@@ -0,0 +1,1 @@\n+\u001B[2J\r; all is well\n')).toContain(
    '+\\u{1b}[2J\\u{d}; all is well',
  )
})
