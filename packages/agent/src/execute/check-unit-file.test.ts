import { expect, test } from 'vitest'
import type { PlannedFiles, ReadHost } from '../host/host.ts'
import { checkUnitFile } from './check-unit-file.ts'

const ours = '/etc/systemd/system/php8.2-fpm.service.d/50-fleetmend.conf'
const planned: PlannedFiles = new Map([[ours, Buffer.from('[Service]\n')]])

interface Verified {
  readonly exitCode: number
  readonly stderr: string
}

/** A systemd that says one thing about the files as planned, and another about those on disk. */
function systemdThatSays(asPlanned: Verified, live: Verified): ReadHost {
  const ask: ReadHost['ask'] = async (question) => {
    const isPlanned = question.tool === 'unit-verify' && question.planned.size > 0
    return { ok: true, value: { stdout: '', ...(isPlanned ? asPlanned : live) } }
  }
  return new Proxy({} as ReadHost, { get: () => ask })
}

const fine: Verified = { exitCode: 0, stderr: '' }
const oldTrouble: Verified = { exitCode: 1, stderr: 'dbus.service: Command /usr/bin/gone is not executable\n' }

test.each([
  { what: 'it has nothing to say', asPlanned: fine, live: fine, passed: true },
  {
    what: 'it ignores a key of our file, though it exits 0',
    asPlanned: { exitCode: 0, stderr: `${ours}:2: Unknown key 'Restrat' in section [Service], ignoring.\n` },
    live: fine,
    passed: false,
  },
  {
    what: 'it grumbles about another file and exits 0',
    asPlanned: { exitCode: 0, stderr: '/lib/systemd/system/x.service:3: Unknown key, ignoring.\n' },
    live: fine,
    passed: true,
  },
  {
    what: 'it refuses the unit because of the plan',
    asPlanned: { exitCode: 1, stderr: 'php8.2-fpm.service: Service has more than one ExecStart= setting\n' },
    live: fine,
    passed: false,
  },
  { what: 'it refuses what it refused before', asPlanned: oldTrouble, live: oldTrouble, passed: true },
  {
    what: 'it refuses more than it refused before',
    asPlanned: { exitCode: 1, stderr: `${oldTrouble.stderr}php8.2-fpm.service: bad\n` },
    live: oldTrouble,
    passed: false,
  },
])('$what: passed is $passed', async ({ asPlanned, live, passed }) => {
  const check = await checkUnitFile(systemdThatSays(asPlanned, live), 'php8.2-fpm', planned, [ours])
  expect(check.passed).toBe(passed)
})

test('what cannot be asked has not passed', async () => {
  const ask: ReadHost['ask'] = async () => ({ ok: false, why: 'missing', says: 'systemd-analyze is not installed' })
  const host = new Proxy({} as ReadHost, { get: () => ask })
  expect(await checkUnitFile(host, 'php8.2-fpm', planned, [ours])).toMatchObject({
    passed: false,
    says: expect.stringContaining('not installed'),
  })
})
