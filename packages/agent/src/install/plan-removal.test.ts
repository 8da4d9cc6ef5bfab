import { expect, test } from 'vitest'
import { planRemoval } from './plan-removal.ts'
import { bareHost, installedHost, sampleVersion } from './sample-found-agent.ts'
import { stepWords } from './step.ts'

const says = (found = installedHost, purge = false) =>
  planRemoval(found, { purge }).steps.map((step) => stepWords(step).says)

test('where there is none, there is nothing to do', () => {
  expect(planRemoval(bareHost, { purge: true })).toEqual({ steps: [], notes: [], problem: null })
})

test('what serves is stopped before its files go; what it knows stays', () => {
  expect(says()).toEqual([
    'fleetmend-agent is stopped',
    'fleetmend-agent is no longer started at boot',
    'fleetmend-recover is no longer started at boot',
    'remove /usr/lib/systemd/system/fleetmend-agent.service',
    'remove /usr/lib/systemd/system/fleetmend-recover.service',
    'systemd reads its unit files again (nothing is restarted)',
    'remove the link /usr/lib/fleetmend/current',
    'remove the link /usr/lib/fleetmend/node',
    'remove the link /usr/lib/fleetmend/libatomic.so.1',
    'remove the link /usr/lib/fleetmend/fleetmend-agent.cjs',
    'remove the link /usr/bin/fleetmend-agent',
    `remove /usr/lib/fleetmend/${sampleVersion}`,
    'remove /usr/lib/fleetmend',
    'remove the group fleetmend',
  ])
  expect(planRemoval(installedHost, { purge: false }).notes).toEqual([
    expect.stringMatching(/^\/etc\/fleetmend and \/var\/lib\/fleetmend stay: .* --purge removes them\.$/),
  ])
})

test('a purge takes what it knows as well, and says where it is still known', () => {
  expect(says(installedHost, true).slice(-3)).toEqual([
    'remove /etc/fleetmend with all that is in it',
    'remove /var/lib/fleetmend with all that is in it',
    'remove the group fleetmend',
  ])
  expect(planRemoval(installedHost, { purge: true }).notes).toEqual([
    'Its fleet at wss://controller.example:7443 still has web-1 on its list.',
  ])
})

test('what was not put there by us stays, and its folder with it', () => {
  const found = {
    ...installedHost,
    strangers: ['/usr/lib/fleetmend/notes.txt'],
    links: installedHost.links.map((link) =>
      link.path === '/usr/bin/fleetmend-agent' ? { ...link, target: '/opt/fleetmend' } : link,
    ),
  }
  const steps = says(found)
  expect(steps).not.toContain('remove /usr/lib/fleetmend')
  expect(steps).not.toContain('remove the link /usr/bin/fleetmend-agent')
  expect(planRemoval(found, { purge: false }).notes).toContain(
    'Left alone, because nobody here knows what it is: /usr/lib/fleetmend/notes.txt.',
  )
})

test('a group that an account has as its own stays', () => {
  const planned = planRemoval({ ...installedHost, accountsOfGroup: ['fleetmend'] }, { purge: true })
  expect(planned.steps.map(({ step }) => step)).not.toContain('remove-group')
  expect(planned.notes.join('\n')).toContain('because fleetmend has it as its own')
})

test('nothing is removed under an apply that is at work', () => {
  const planned = planRemoval({ ...installedHost, applies: ['fleetmend-apply-a-1'] }, { purge: true })
  expect(planned).toMatchObject({ steps: [], problem: { code: 'uninstall-applying' } })
})
