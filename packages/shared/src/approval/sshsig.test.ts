import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { armor, hardwareKey } from '../../test/hardware-key.ts'
import { hasSshKeygen, sshKeygen } from '../../test/ssh-keygen.ts'
import { APPROVAL_NAMESPACE } from './namespaces.ts'
import { readSshSignature, verifySshSignature } from './sshsig.ts'
import { sshString } from './ssh-wire.ts'

const message = Buffer.from('{"format":"fleetmend.manifest/1"}')

/** Made once by `ssh-keygen -Y sign` with a key that is gone, over the bytes above: works where no ssh-keygen is. */
const recorded = `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgYOeDT/z4kfyCKdKfWuPd2HURaa
34RAzQ0035MKL5/ygAAAAVZmxlZXRtZW5kLWFwcHJvdmFsQHYxAAAAAAAAAAZzaGE1MTIA
AABTAAAAC3NzaC1lZDI1NTE5AAAAQONoQYnybmwY4MXQVcNNTmMzEcXleTjRkr9FkGDuf4
jlK1NepDfOnK3eScJF3BTdmu935Rfjq57E3UHmV0L5Wwg=
-----END SSH SIGNATURE-----
`

test('a recorded signature of ssh-keygen is good, and says whose it is', () => {
  expect(verifySshSignature(recorded, message, APPROVAL_NAMESPACE)).toMatchObject({
    ok: true,
    signer: { type: 'ssh-ed25519', fingerprint: 'SHA256:oNaZQroVEWgiYzbcKF64tTljoLkCMlbWYaqx+dTzp1I' },
  })
})

test.each([
  { name: 'another message', text: '{}', namespace: APPROVAL_NAMESPACE, says: 'it does not fit what was signed' },
  {
    name: 'another namespace',
    text: message.toString(),
    namespace: 'file',
    says: 'it was made for "fleetmend-approval@v1", not for "file"',
  },
])('$name is refused', ({ text, namespace, says }) => {
  expect(verifySshSignature(recorded, Buffer.from(text), namespace)).toMatchObject({ ok: false, says })
})

test('any byte of a signature that is changed makes it no signature of the message', () => {
  const bytes = Buffer.from(recorded, 'latin1')
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bent = Buffer.from(bytes)
      bent[at]! ^= change
      expect(verifySshSignature(bent.toString('latin1'), message, APPROVAL_NAMESPACE).ok).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

test('any byte inside the armor that is changed, dropped or added is noticed', () => {
  const blob = blobOf(recorded)
  const isRefused = (bent: Buffer): boolean => !verifySshSignature(armor(bent), message, APPROVAL_NAMESPACE).ok
  for (let at = 0; at < blob.length; at++) {
    for (const change of [0x01, 0x80, 0xff]) {
      const bent = Buffer.from(blob)
      bent[at]! ^= change
      expect(isRefused(bent)).toBe(true)
    }
    expect(isRefused(Buffer.concat([blob.subarray(0, at), blob.subarray(at + 1)]))).toBe(true)
    expect(isRefused(Buffer.concat([blob.subarray(0, at), Buffer.from([0]), blob.subarray(at)]))).toBe(true)
  }
  expect(isRefused(Buffer.concat([blob, Buffer.from([0])]))).toBe(true)
})

test('any text is a signature or is refused with a reason', () => {
  const armored = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => armor(Buffer.from(bytes)))
  const magic = fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => armor(Buffer.concat([Buffer.from('SSHSIG\0\0\0\x01', 'latin1'), bytes])))
  fc.assert(
    fc.property(fc.oneof(fc.string(), armored, magic), (text) => {
      const verified = verifySshSignature(text, message, APPROVAL_NAMESPACE)
      expect(!verified.ok && verified.says).toMatch(/\w/)
    }),
    { numRuns: 500 },
  )
})

describe('the armor', () => {
  test.each([
    { name: 'nothing', text: '' },
    { name: 'no armor', text: blobOf(recorded).toString('base64') },
    { name: 'something before it', text: `x${recorded}` },
    { name: 'something behind it', text: `${recorded}x` },
    { name: 'Windows line ends', text: recorded.replaceAll('\n', '\r\n') },
    { name: 'blanks in it', text: recorded.replace('AAA', 'AA A') },
    { name: 'another kind of armor', text: recorded.replaceAll('SSH SIGNATURE', 'PGP SIGNATURE') },
    { name: 'more than any signature has', text: armor(Buffer.alloc(20_000)) },
  ])('$name is refused', ({ text }) => {
    expect(readSshSignature(text)).toEqual({ ok: false, says: 'it is not an armored SSH signature' })
  })

  test('lines may break where another tool breaks them, and the last line end may be missing', () => {
    const [body = ''] = /(?<=-\n)[^-]+(?=\n-)/.exec(recorded) ?? []
    const wider = body.replaceAll('\n', '').replaceAll(/.{64}/g, '$&\n')
    for (const text of [recorded.trimEnd(), recorded.replace(body, wider), recorded.replace(body, `${body}\n`)]) {
      expect(verifySshSignature(text, message, APPROVAL_NAMESPACE).ok).toBe(true)
    }
  })
})

describe('the fields', () => {
  const fields = { version: 1, namespace: APPROVAL_NAMESPACE, reserved: '', hash: 'sha512' }
  const key = Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(32, 7))])

  function forged(change: Partial<typeof fields> & { key?: Buffer; signature?: Buffer }): string {
    const { version, namespace, reserved, hash } = { ...fields, ...change }
    const signature = change.signature ?? Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(64))])
    return armor(
      Buffer.concat([
        Buffer.from('SSHSIG'),
        Buffer.from([0, 0, 0, version]),
        sshString(change.key ?? key),
        sshString(namespace),
        sshString(reserved),
        sshString(hash),
        sshString(signature),
      ]),
    )
  }

  test.each([
    { change: {}, says: 'it does not fit what was signed' },
    { change: { version: 2 }, says: 'it has version 2, which is not known' },
    { change: { reserved: 'x' }, says: 'it has something in its reserved field' },
    { change: { hash: 'sha1' }, says: 'it uses the hash sha1, which is not accepted' },
    { change: { hash: 'md5' }, says: 'it uses the hash md5, which is not accepted' },
    { change: { namespace: 'git' }, says: 'it was made for "git", not for "fleetmend-approval@v1"' },
    { change: { namespace: '' }, says: 'it cannot be read: a name in it is not printable' },
    { change: { key: sshString('ssh-dss') }, says: 'keys of type ssh-dss are not accepted' },
    {
      change: { signature: Buffer.concat([sshString('ssh-rsa'), sshString(Buffer.alloc(64))]) },
      says: 'it cannot be read: its key does not sign with ssh-rsa',
    },
    {
      change: { signature: Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(64)), Buffer.from([0])]) },
      says: 'it cannot be read: something follows its end',
    },
    { change: { signature: Buffer.alloc(0) }, says: 'it cannot be read: it ends too early' },
  ])('$says', ({ change, says }) => {
    expect(verifySshSignature(forged(change), message, APPROVAL_NAMESPACE)).toMatchObject({ ok: false, says })
  })
})

describe('a hardware key', () => {
  test.each(['ed25519', 'ecdsa'] as const)('of kind %s counts when somebody touched it, and only then', (kind) => {
    const key = hardwareKey(kind)
    expect(verifySshSignature(key.sign(message, APPROVAL_NAMESPACE), message, APPROVAL_NAMESPACE)).toMatchObject({
      ok: true,
      signer: { type: expect.stringMatching(/^sk-/), application: 'ssh:' },
    })
    expect(verifySshSignature(key.sign(message, APPROVAL_NAMESPACE, 0x05), message, APPROVAL_NAMESPACE).ok).toBe(true)
    for (const flags of [0x00, 0x04]) {
      expect(
        verifySshSignature(key.sign(message, APPROVAL_NAMESPACE, flags), message, APPROVAL_NAMESPACE),
      ).toMatchObject({
        ok: false,
        says: 'it cannot be read: nobody touched the hardware key',
      })
    }
  })

  test('whose numbers are shorter than usual, as one in a hundred is, is read as well', () => {
    const key = hardwareKey('ecdsa')
    const lengths = new Set<number>()
    // Two numbers of 32 or 33 bytes come in three lengths; a shorter one makes it four.
    for (let n = 0; n < 20_000 && lengths.size <= 3; n++) {
      const signature = key.sign(message, APPROVAL_NAMESPACE)
      lengths.add(blobOf(signature).length)
      expect(verifySshSignature(signature, message, APPROVAL_NAMESPACE).ok).toBe(true)
    }
    expect(lengths.size).toBeGreaterThan(3)
  })

  test.each(['ed25519', 'ecdsa'] as const)('of kind %s signs its flags and its counter, too', (kind) => {
    const blob = blobOf(hardwareKey(kind).sign(message, APPROVAL_NAMESPACE))
    for (let fromEnd = 1; fromEnd <= 5; fromEnd++) {
      const bent = Buffer.from(blob)
      bent[bent.length - fromEnd]! ^= 0x40
      expect(verifySshSignature(armor(bent), message, APPROVAL_NAMESPACE).ok).toBe(false)
    }
  })
})

describe.skipIf(!hasSshKeygen)('beside stock ssh-keygen', () => {
  const keygen = sshKeygen()
  afterAll(() => keygen[Symbol.dispose]())

  const keys = [
    { name: 'ed25519', key: keygen.key('ed25519'), options: [] },
    { name: 'ed25519 with sha256', key: keygen.key('ed25519'), options: ['-O', 'hashalg=sha256'] },
    { name: 'ecdsa 256', key: keygen.key('ecdsa', 256), options: [] },
    { name: 'ecdsa 384', key: keygen.key('ecdsa', 384), options: [] },
    { name: 'ecdsa 521', key: keygen.key('ecdsa', 521), options: [] },
    { name: 'rsa 2048', key: keygen.key('rsa', 2048), options: [] },
    { name: 'rsa 3072 with sha256', key: keygen.key('rsa', 3072), options: ['-O', 'hashalg=sha256'] },
  ]

  test.each(keys)('$name: both accept the same signature of the same key', ({ key, options }) => {
    const signature = key.sign(message, APPROVAL_NAMESPACE, options)
    expect(keygen.verify(`ana ${key.publicKey}\n`, 'ana', APPROVAL_NAMESPACE, message, signature)).toBe(true)
    expect(verifySshSignature(signature, message, APPROVAL_NAMESPACE)).toMatchObject({
      ok: true,
      signer: { fingerprint: key.fingerprint },
    })
  })

  test.each(keys)('$name: both refuse another message and another namespace', ({ key, options }) => {
    const other = Buffer.from('another message')
    const signature = key.sign(message, APPROVAL_NAMESPACE, options)
    expect(keygen.verify(`ana ${key.publicKey}\n`, 'ana', APPROVAL_NAMESPACE, other, signature)).toBe(false)
    expect(verifySshSignature(signature, other, APPROVAL_NAMESPACE).ok).toBe(false)
    const foreign = key.sign(message, 'git', options)
    expect(keygen.verify(`ana ${key.publicKey}\n`, 'ana', APPROVAL_NAMESPACE, message, foreign)).toBe(false)
    expect(verifySshSignature(foreign, message, APPROVAL_NAMESPACE).ok).toBe(false)
  })

  test.each(keys)('$name: a changed byte anywhere is refused', ({ key, options }) => {
    const blob = blobOf(key.sign(message, APPROVAL_NAMESPACE, options))
    for (let at = 0; at < blob.length; at++) {
      const bent = Buffer.from(blob)
      bent[at]! ^= 1 << (at % 8)
      const verified = verifySshSignature(armor(bent), message, APPROVAL_NAMESPACE)
      // A byte of the key makes another key of it, which the list of approvers does not have.
      expect(verified.ok && verified.signer.fingerprint === key.fingerprint).toBe(false)
    }
  })

  test.each(['ed25519', 'ecdsa'] as const)(
    'a hardware key of kind %s: both accept a touch; stock ssh-keygen does without, we do not',
    (kind) => {
      const key = hardwareKey(kind)
      const accepted = (flags: number): readonly boolean[] => {
        const signature = key.sign(message, APPROVAL_NAMESPACE, flags)
        return [
          keygen.verify(`ana ${key.publicKey}\n`, 'ana', APPROVAL_NAMESPACE, message, signature),
          verifySshSignature(signature, message, APPROVAL_NAMESPACE).ok,
        ]
      }
      expect(accepted(0x01)).toEqual([true, true])
      expect(accepted(0x00)).toEqual([true, false])
    },
  )
})

function blobOf(armored: string): Buffer {
  return Buffer.from(armored.replaceAll(/-----.*-----|\n/g, ''), 'base64')
}
