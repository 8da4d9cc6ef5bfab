import { expect, test } from 'vitest'
import type { SshDriver } from '../ssh-connection.ts'
import { chooseDriver } from './choose-driver.ts'
import { loopbackTarget, testFolder } from './loopback-sshd.ts'

const drivers = { ssh2: {} as SshDriver, system: {} as SshDriver }

test.each([
  { wanted: 'auto', beyond: [], jumpBeyond: [], gets: 'ssh2' },
  { wanted: 'auto', beyond: ['CertificateFile'], jumpBeyond: [], gets: 'system' },
  { wanted: 'auto', beyond: [], jumpBeyond: ['ProxyCommand'], gets: 'system' },
  { wanted: 'ssh2', beyond: ['CertificateFile'], jumpBeyond: [], gets: 'ssh2' },
  { wanted: 'system', beyond: [], jumpBeyond: [], gets: 'system' },
] as const)(
  '$wanted, with $beyond at the host and $jumpBeyond on the way, is $gets',
  ({ wanted, beyond, jumpBeyond, gets }) => {
    const target = loopbackTarget(testFolder(), 22, null, { beyondSsh2: beyond })
    const jumps = [{ ...target, beyondSsh2: jumpBeyond }]
    expect(chooseDriver({ ...target, jumps }, wanted, drivers)).toBe(drivers[gets])
  },
)
