import { plainPaint, problem, type InstallationAnswer } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { installationText, nextAfter } from './installation-text.ts'

const answer: InstallationAnswer = {
  format: 'fleetmend.installation-answer/1',
  ...{ host: 'web-1', before: null, after: '0.1.0-0123456789ab', enrolled: null },
  digest: `sha256:${'0'.repeat(64)}`,
  steps: [
    {
      says: 'write /etc/fleetmend/approvers',
      diff: '--- /dev/null\n+++ /etc/fleetmend/approvers\n+olivia\n',
      became: 'to-do',
    },
    { says: 'fleetmend-agent is started', diff: null, became: 'to-do' },
  ],
  notes: ['The host belongs to no fleet.'],
  problem: null,
}
const host = (name: string, change: Partial<InstallationAnswer> = {}) =>
  ({ name, ok: true, answer: { ...answer, ...change } }) as const
const unreachable = { name: 'web-9', ok: false, problem: problem('ssh-unreachable', 'No route.') } as const

test('hosts of which the same is to be done are one block, with what the files would say', () => {
  const text = installationText(
    [host('web-1'), host('web-2', { host: 'web-2' }), host('web-3', { steps: [], before: answer.after }), unreachable],
    'install',
    plainPaint,
  )
  expect(text).toBe(`web-1, web-2  no agent → 0.1.0-0123456789ab
    write /etc/fleetmend/approvers
      --- /dev/null
      +++ /etc/fleetmend/approvers
      +olivia
    fleetmend-agent is started
  The host belongs to no fleet.

web-3  0.1.0-0123456789ab
  nothing to do
  The host belongs to no fleet.

web-9
The host does not answer over SSH (ssh-unreachable)
  No route.
`)
})

test('what became of a step stands before it, and no file is shown a second time', () => {
  const [write, start] = answer.steps
  if (!write || !start) throw new Error('There are no steps.')
  const steps = [
    { ...write, became: 'undone' as const },
    { ...start, became: 'failed' as const },
  ]
  const failed = host('web-1', { after: null, steps, notes: [], problem: problem('install-failed', 'Nobody answers.') })
  expect(installationText([failed], 'install', plainPaint)).toBe(`web-1  no agent
  ↺ write /etc/fleetmend/approvers
  ✗ fleetmend-agent is started
The agent was not installed (install-failed)
  Nobody answers.
`)
  expect(nextAfter([failed], 'install')).toBe('')
})

test('what a host says is harmless on a screen', () => {
  const hostile = host('web-1', {
    steps: [{ says: 'a\u001B[2Jb\nc', diff: '+\u001B]0;x\u0007\n', became: 'to-do' }],
    notes: ['\u202Eevil'],
  })
  const text = installationText([hostile], 'install', plainPaint)
  for (const harmful of ['\u001B', '\u0007', '\u202E']) expect(text).not.toContain(harmful)
  expect(text).toContain('a\\u{1b}[2Jb\\nc')
})

const enrolled = { host: 'web-1', fleet: 'f-1', url: 'wss://controller.example:7443' }

test.each([
  ['install', { enrolled }, 'fleetmend diagnose web-1'],
  ['install', {}, 'fleetmend agent install --ssh deploy@10.0.0.1'],
  ['uninstall', { enrolled }, 'fleetmend hosts remove web-1'],
] as const)('after %s the next command is one to copy', (task, change, command) => {
  expect(nextAfter([host('deploy@10.0.0.1', change)], task)).toContain(`    ${command}\n`)
})
