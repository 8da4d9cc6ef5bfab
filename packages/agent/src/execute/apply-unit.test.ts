import { expect, test } from 'vitest'
import { applyUnitArguments, startApplyUnit, type ApplyUnit } from './apply-unit.ts'
import { confinement } from './confinement.ts'

const unit: ApplyUnit = {
  task: 'apply',
  id: 'a-20261121-031502-9f3c',
  self: { program: '/usr/lib/fleetmend/node', args: ['/usr/lib/fleetmend/fleetmend-agent.cjs'] },
  work: ['internal-apply', 'a-20261121-031502-9f3c'],
  recovery: ['internal-recover', 'a-20261121-031502-9f3c'],
}

test('the work runs in its own unit, and recovery after it, however it ends', () => {
  expect(applyUnitArguments(unit)).toEqual([
    '--unit=fleetmend-apply-a-20261121-031502-9f3c',
    '--collect',
    '--quiet',
    '--no-ask-password',
    '--property=Type=exec',
    '--property=KillMode=process',
    '--property=TimeoutStopSec=900',
    '--property=ExecStopPost=/usr/lib/fleetmend/node /usr/lib/fleetmend/fleetmend-agent.cjs internal-recover a-20261121-031502-9f3c',
    ...confinement.map((property) => `--property=${property}`),
    '--',
    '/usr/lib/fleetmend/node',
    '/usr/lib/fleetmend/fleetmend-agent.cjs',
    'internal-apply',
    'a-20261121-031502-9f3c',
  ])
})

test('a rollback has a unit beside that of its apply', () => {
  expect(applyUnitArguments({ ...unit, task: 'rollback', work: ['internal-rollback', unit.id] })).toEqual(
    expect.arrayContaining(['--unit=fleetmend-rollback-a-20261121-031502-9f3c', 'internal-rollback']),
  )
})

test.each(['/opt/fleet mend/node', '/opt/$HOME/node', '/opt/%h/node', "/opt/it's/node"])(
  'a path that systemd would take apart is refused: %s',
  (program) => {
    expect(applyUnitArguments({ ...unit, self: { program, args: [] } })).toBeNull()
  },
)

test.each([
  {
    what: 'systemd-run is missing',
    read: { ok: false, why: 'missing', says: 'systemd-run is not installed' } as const,
    says: 'not installed',
  },
  {
    what: 'systemd is not there',
    read: {
      ok: true,
      value: { exitCode: 1, stdout: '', stderr: 'System has not been booted with systemd as init system\n' },
    } as const,
    says: 'not been booted',
  },
])('where $what, only diagnosing and planning are possible', async ({ read, says }) => {
  expect(await startApplyUnit(async () => read, unit)).toMatchObject({
    ok: false,
    problem: { code: 'apply-not-possible', detail: expect.stringContaining(says) },
  })
})
