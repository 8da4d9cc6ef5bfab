import { agentUnit } from '@fleetmend/shared/model/installed-agent'
import { expect, test } from 'vitest'
import type { FoundAgent, FoundUnit } from './found-agent.ts'
import { planInstallation, type WantedAgent } from './plan-installation.ts'
import { bareHost, installedHost, sampleUnitTexts, sampleVersion } from './sample-found-agent.ts'
import type { Step } from './step.ts'

const newer = '0.2.0-ba9876543210'
const wanted: WantedAgent = {
  ...{ version: sampleVersion, unitTexts: sampleUnitTexts },
  ...{ approvers: null, policy: null, replacePolicy: false, enrol: null },
}

/** A step in a few words. */
function short(step: Step): string {
  if ('unit' in step) return `${step.step} ${step.unit}`
  if ('path' in step) return `${step.step} ${step.path}`
  if (step.step === 'enrol') return `enrol ${step.host}`
  return 'name' in step ? `${step.step} ${step.name}` : step.step
}

function steps(found: FoundAgent, change: Partial<WantedAgent> = {}): readonly string[] {
  // What is newer is not there yet.
  const isWantedWhole = found.isWantedWhole && change.version === undefined
  const planned = planInstallation({ ...found, isWantedWhole }, { ...wanted, ...change })
  expect(planned.problem).toBeNull()
  return planned.steps.map(short)
}

test('nothing is left out where there is nothing yet, and what serves is begun last and asked', () => {
  const enrol = { url: null, host: null }
  expect(steps(bareHost, { approvers: 'olivia ssh-ed25519 AAAA\n', enrol })).toEqual([
    'make-group',
    'make-folder /usr/lib/fleetmend',
    'make-folder /etc/fleetmend',
    `put-version ${sampleVersion}`,
    'write /etc/fleetmend/approvers',
    'write /usr/lib/systemd/system/fleetmend-agent.service',
    'write /usr/lib/systemd/system/fleetmend-recover.service',
    'link /usr/lib/fleetmend/node',
    'link /usr/lib/fleetmend/libatomic.so.1',
    'link /usr/lib/fleetmend/fleetmend-agent.cjs',
    'link /usr/bin/fleetmend-agent',
    'link /usr/lib/fleetmend/current',
    'reload-units',
    'enable fleetmend-agent',
    'enable fleetmend-recover',
    'start fleetmend-agent',
    'ask-agent',
    'enrol null',
    'see-line',
  ])
})

test('where all of it is there, there is nothing to do, whatever is given again', () => {
  const again = { approvers: installedHost.approvers, enrol: { url: 'wss://controller.example:7443', host: null } }
  expect(steps(installedHost, again)).toEqual([])
})

const upgrade = [
  `put-version ${newer}`,
  'link /usr/lib/fleetmend/current',
  'restart fleetmend-agent',
  'ask-agent',
  'see-line',
]
const old = `remove-version ${sampleVersion}`
const unit = (change: Partial<FoundUnit>) => installedHost.units.map((each) => ({ ...each, ...change }))

test.each<[string, Partial<FoundAgent>, Partial<WantedAgent>, readonly string[]]>([
  ['an upgrade takes the old version away last', {}, { version: newer }, [...upgrade, old]],
  [
    'while an apply is at work, the version that it runs from stays',
    { applies: ['fleetmend-apply-a-1'] },
    { version: newer },
    upgrade,
  ],
  [
    'so does one that somebody still runs, when it is not the one that serves',
    { versions: ['0.0.9-aaaaaaaaaaaa', sampleVersion], inUse: ['0.0.9-aaaaaaaaaaaa', sampleVersion] },
    { version: newer },
    [...upgrade, old],
  ],
  [
    'a line that was not up before is no reason to go back',
    { isConnected: false },
    { version: newer },
    [...upgrade.slice(0, -1), old],
  ],
  [
    'a version that lost a byte is put again',
    { isWantedWhole: false },
    {},
    [`put-version ${sampleVersion}`, 'restart fleetmend-agent', 'ask-agent', 'see-line'],
  ],
  [
    'what an apply had kept goes the next time',
    { versions: ['0.0.9-aaaaaaaaaaaa', sampleVersion] },
    {},
    ['remove-version 0.0.9-aaaaaaaaaaaa'],
  ],
  [
    'an agent that does not answer is restarted',
    { isAnswering: false, isConnected: false },
    {},
    ['restart fleetmend-agent', 'ask-agent'],
  ],
  [
    'one that was stopped is started',
    { units: unit({ isActive: false }), isAnswering: false, isConnected: false },
    {},
    ['start fleetmend-agent', 'ask-agent'],
  ],
  ['a policy is put where there is none', {}, { policy: 'changesPerHour: 3\n' }, ['write /etc/fleetmend/policy.yaml']],
  [
    'another list of approvers only where that is said',
    {},
    { approvers: 'ben ssh-ed25519 BBBB\n', replacePolicy: true },
    ['write /etc/fleetmend/approvers'],
  ],
  [
    'a host of no fleet is enrolled without being touched otherwise',
    { enrolled: null, isConnected: false },
    { enrol: { url: 'wss://controller.example:7443', host: 'web-7' } },
    ['enrol web-7', 'see-line'],
  ],
])('%s', (_, found, change, expected) => {
  expect(steps({ ...installedHost, ...found }, change)).toEqual(expected)
})

test.each<[string, Partial<FoundAgent>, Partial<WantedAgent>, string, string]>([
  ['no systemd', { runsSystemd: false }, {}, 'install-not-possible', 'fleetmend diagnose --ssh'],
  [
    'a file where a link of ours would be',
    { links: [{ path: '/usr/lib/fleetmend/node', target: null, isTaken: true }] },
    {},
    'install-not-ours',
    '/usr/lib/fleetmend/node is there already',
  ],
  [
    'a unit of the same name that goes before ours',
    { units: unit({ shadowedBy: '/etc/systemd/system/fleetmend-agent.service' }) },
    {},
    'install-not-ours',
    'systemd goes by /etc/systemd/system/fleetmend-agent.service',
  ],
  [
    'a unit that somebody has masked',
    { units: unit({ isMasked: true }) },
    {},
    'install-not-possible',
    `systemctl unmask ${agentUnit}`,
  ],
  [
    'a token of another fleet',
    {},
    { enrol: { url: 'wss://other.example:7443', host: null } },
    'install-enrolled-elsewhere',
    'web-1 of the fleet at wss://controller.example:7443',
  ],
  [
    'other approvers, with the difference',
    {},
    { approvers: 'ben ssh-ed25519 BBBB\n' },
    'install-policy-differs',
    '-olivia ssh-ed25519 AAAA\n+ben ssh-ed25519 BBBB',
  ],
])('refused is %s', (_, found, change, code, says) => {
  const { steps: none, problem } = planInstallation({ ...installedHost, ...found }, { ...wanted, ...change })
  expect(none).toEqual([])
  expect(problem).toMatchObject({ code, detail: expect.stringContaining(says) })
})

test('it is said what stays as it is', () => {
  const found = {
    ...installedHost,
    ...{ approvers: null, enrolled: null, applies: ['fleetmend-apply-a-1'], strangers: ['/usr/lib/fleetmend/x'] },
    units: unit({ dropIns: ['/etc/systemd/system/fleetmend-agent.service.d/mine.conf'], text: '[Unit]\n# mine\n' }),
  }
  const { notes } = planInstallation(found, { ...wanted, version: newer })
  expect(notes).toEqual([
    `${sampleVersion} stays, because fleetmend-apply-a-1 is at work; the next install takes it away.`,
    'fleetmend-agent.service was edited here. What is to last stands in a drop-in: systemctl edit fleetmend-agent',
    'fleetmend-recover.service was edited here. What is to last stands in a drop-in: systemctl edit fleetmend-recover',
    expect.stringContaining('/etc/systemd/system/fleetmend-agent.service.d/mine.conf'),
    expect.stringContaining('There is no /etc/fleetmend/approvers'),
    'The host belongs to no fleet.',
    'Left alone, because nobody here knows what it is: /usr/lib/fleetmend/x.',
  ])
})
