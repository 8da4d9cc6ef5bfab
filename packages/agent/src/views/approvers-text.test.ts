import { plainPaint, readApprovers } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { hardwareKey } from '../../../shared/test/hardware-key.ts'
import { hostOf } from '../execute/simulated-host.ts'
import { simulatedWorld } from '../execute/simulated-world.ts'
import { approversPath, readApproversFile } from '../serve/approvers-file.ts'
import { approversText } from './approvers-text.ts'

const text = (list: string): string =>
  approversText({ ok: true, value: readApprovers(list) }, approversPath, plainPaint)

test('each person with their key and what it may sign, and each line that counts for nothing', () => {
  const [olivia, ben] = [hardwareKey('ed25519'), hardwareKey('ecdsa')]
  const list = [
    `olivia namespaces="fleetmend-approval@v1,fleetmend-break-glass@v1" ${olivia.publicKey}`,
    `ben valid-before="20991231Z" ${ben.publicKey}`,
    `* ${hardwareKey('ed25519').publicKey}`,
  ]
  const [one, two] = readApprovers(list.join('\n')).approvers.map(({ fingerprint }) => fingerprint)
  expect(text(list.join('\n'))).toBe(`Who may approve  /etc/fleetmend/approvers
  olivia  ${one}  fleetmend-approval@v1, fleetmend-break-glass@v1
  ben     ${two}  everything but break-glass, until 2099-12-31T00:00:00.000Z
  line 3 counts for nothing: the principal is a pattern; name one person
`)
})

test('where nobody may, it says so, and where there is no list, how to make one', async () => {
  expect(text('# none\n')).toBe('Who may approve  /etc/fleetmend/approvers\n  nobody\n')
  const missing = await readApproversFile(hostOf(simulatedWorld(0)))
  expect(approversText(missing, approversPath, plainPaint)).toMatch(
    /there is none\.\n\n {2}Put the public keys[^]*ssh-ed25519/,
  )
})
