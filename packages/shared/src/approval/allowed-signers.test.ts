import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { hardwareKey, mpint } from '../../test/hardware-key.ts'
import { hasSshKeygen, sshKeygen } from '../../test/ssh-keygen.ts'
import { readApprovers } from './allowed-signers.ts'
import { sshString } from './ssh-wire.ts'
import { APPROVAL_NAMESPACE } from './namespaces.ts'

const ana = ed25519(1)
const ben = ed25519(2)

test('a file as people write it', () => {
  const text = [
    '# on call',
    '',
    `ana ${ana}`,
    `   "ben@example.org"\tnamespaces="git,fleetmend-approval@v1",valid-after="20260101Z"  ${ben}   ben's laptop`,
    `carla valid-before="202612312359" ${hardwareKey('ed25519').publicKey} carla@yubikey`,
    '\t# the end\r',
  ].join('\n')
  expect(readApprovers(text)).toEqual({
    approvers: [
      {
        principal: 'ana',
        fingerprint: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
        namespaces: null,
        validAfterMs: null,
        validBeforeMs: null,
        line: 3,
      },
      expect.objectContaining({
        principal: 'ben@example.org',
        namespaces: ['git', 'fleetmend-approval@v1'],
        validAfterMs: Date.UTC(2026, 0, 1),
        line: 4,
      }),
      expect.objectContaining({ principal: 'carla', validBeforeMs: new Date(2026, 11, 31, 23, 59).getTime(), line: 5 }),
    ],
    refused: [],
  })
})

test.each([
  { line: `* ${ana}`, says: 'the principal is a pattern; name one person' },
  { line: `*@example.org ${ana}`, says: 'the principal is a pattern; name one person' },
  { line: `an? ${ana}`, says: 'the principal is a pattern; name one person' },
  { line: `!ana ${ana}`, says: 'a principal is negated; name the person instead' },
  { line: `ana,ben ${ana}`, says: 'two principals share one key; give each person a key and a line of their own' },
  { line: `ana,!ben ${ana}`, says: 'two principals share one key; give each person a key and a line of their own' },
  { line: `"ana ben" ${ana}`, says: 'the principal is not a plain name' },
  { line: `"" ${ana}`, says: 'there is no principal' },
  { line: `"ana ${ana}`, says: 'there is no principal' },
  { line: `añá ${ana}`, says: 'the principal is not a plain name' },
  {
    line: `ana cert-authority ${ana}`,
    says: 'a certificate authority stands for many people; list their keys instead',
  },
  {
    line: `ana CERT-AUTHORITY ${ana}`,
    says: 'a certificate authority stands for many people; list their keys instead',
  },
  {
    line: `ana namespaces="a",cert-authority ${ana}`,
    says: 'a certificate authority stands for many people; list their keys instead',
  },
  { line: 'ana', says: 'there is no key where one is expected (principal, options, type, key)' },
  { line: ana, says: 'there is no key where one is expected (principal, options, type, key)' },
  { line: 'ana ssh-ed25519', says: 'there is no key where one is expected (principal, options, type, key)' },
  {
    line: `ana namespaces="a" extra ${ana}`,
    says: 'there is no key where one is expected (principal, options, type, key)',
  },
  { line: `ana no-touch-required ${ana}`, says: 'the option no-touch-required is not known' },
  { line: `ana namespaces ${ana}`, says: 'namespaces must be named in full, without patterns' },
  { line: `ana namespaces="fleetmend-*" ${ana}`, says: 'namespaces must be named in full, without patterns' },
  { line: `ana namespaces="!git" ${ana}`, says: 'namespaces must be named in full, without patterns' },
  { line: `ana namespaces="a,,b" ${ana}`, says: 'namespaces must be named in full, without patterns' },
  { line: `ana namespaces=git ${ana}`, says: 'the options cannot be read; write name="value", separated by commas' },
  { line: `ana namespaces="git ${ana}`, says: 'there is no key where one is expected (principal, options, type, key)' },
  { line: `ana valid-after="20260101", ${ana}`, says: 'the options end with a comma' },
  { line: `ana namespaces="a",namespaces="b" ${ana}`, says: 'the option namespaces is there twice' },
  ...['2026', '20260230', '20261301', '20260101T00', '2026010124', '202601012400', 'tomorrow', '', '20260101+'].map(
    (at) => ({
      line: `ana valid-before="${at}" ${ana}`,
      says: 'valid-before must be a date such as "20261121" or "20261121031500Z"',
    }),
  ),
  { line: `ana valid-after="20260102",valid-before="20260101" ${ana}`, says: 'valid-before is not after valid-after' },
  { line: 'ana ssh-ed25519 AAAA*', says: 'the key is not base64' },
  { line: `ana ${ana}`.slice(0, -1), says: 'the key is not base64' },
  { line: `ana ${ana.replace('ssh-ed25519', 'ssh-rsa')}`, says: 'the key says that it is ssh-ed25519, not ssh-rsa' },
  { line: `ana ${keyLine('ssh-dss', sshString('x'))}`, says: 'keys of type ssh-dss are not accepted' },
  {
    line: `ana ${keyLine('ssh-ed25519-cert-v01@openssh.com', sshString('x'))}`,
    says: 'keys of type ssh-ed25519-cert-v01@openssh.com are not accepted',
  },
  {
    line: `ana ${keyLine('ssh-ed25519', sshString(Buffer.alloc(31)))}`,
    says: 'the key cannot be read: the key does not have 32 bytes',
  },
  {
    line: `ana ${keyLine('ssh-ed25519', sshString(Buffer.alloc(32)), Buffer.from([0]))}`,
    says: 'the key cannot be read: something follows its end',
  },
  { line: `ana ${rsaLine(1024)}`, says: 'the key cannot be read: RSA keys need 2048 bits, this one has 1024' },
  { line: `ana ${rsaLine(2048, 1)}`, says: 'the key cannot be read: the RSA exponent is not usable' },
  { line: `ana ${rsaLine(2048, 4)}`, says: 'the key cannot be read: the RSA exponent is not usable' },
  {
    line: `ana ${keyLine('ecdsa-sha2-nistp256', sshString('nistp384'), sshString(Buffer.alloc(97, 4)))}`,
    says: 'the key cannot be read: the curve is not the one of its type',
  },
  {
    line: `ana ${keyLine('ecdsa-sha2-nistp256', sshString('nistp256'), sshString(Buffer.alloc(33, 2)))}`,
    says: 'the key cannot be read: the point has another form',
  },
  {
    line: `ana ${keyLine('ecdsa-sha2-nistp256', sshString('nistp256'), sshString(Buffer.alloc(65, 4)))}`,
    says: 'the key is not valid',
  },
])('$line is refused: $says', ({ line, says }) => {
  expect(readApprovers(`# first\n${line}\n`)).toMatchObject({ approvers: [], refused: [{ line: 2, says }] })
})

test('the key of a refused line is known, so that its owner can be told', () => {
  const [known, unknown] = readApprovers(`ana,ben ${ana}\nben AAAA\n`).refused
  expect(known?.fingerprint).toBe(readApprovers(`ana ${ana}`).approvers[0]?.fingerprint)
  expect(unknown?.fingerprint).toBeNull()
})

test('a refused line approves nothing and takes nothing from the others', () => {
  const { approvers, refused } = readApprovers(`* ${ana}\nben ${ben}\n`)
  expect(approvers.map(({ principal }) => principal)).toEqual(['ben'])
  expect(refused.map(({ line }) => line)).toEqual([1])
})

test.each([
  { name: 'two people', second: 'mallory' },
  { name: 'one person twice', second: 'ana' },
])('a key of $name is refused wherever it stands', ({ second }) => {
  const { approvers, refused } = readApprovers(`ana ${ana}\nben ${ben}\n${second} namespaces="git" ${ana}\n`)
  expect(approvers.map(({ principal }) => principal)).toEqual(['ben'])
  expect(refused).toMatchObject([
    { line: 1, says: 'its key also stands in line 3; one key is one person' },
    { line: 3, says: 'its key also stands in line 1; one key is one person' },
  ])
})

test('any text is read without an exception, and each line is an approver, refused, or empty', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('ana', ana, 'ssh-ed25519', 'namespaces="a"', '"', '\\"', ',', '#', '\n'),
  )
  fc.assert(
    fc.property(
      fc.array(word).map((words) => words.join(' ')),
      (text) => {
        const { approvers, refused } = readApprovers(text)
        const lines = [...approvers, ...refused].map(({ line }) => line)
        expect(new Set(lines).size).toBe(lines.length)
        expect(lines.length).toBeLessThanOrEqual(text.split('\n').length)
      },
    ),
  )
})

describe.skipIf(!hasSshKeygen)('beside stock ssh-keygen', () => {
  const keygen = sshKeygen()
  afterAll(() => keygen[Symbol.dispose]())
  const key = keygen.key('ed25519')
  const message = Buffer.from('text')
  const sign = (): string => key.sign(message, APPROVAL_NAMESPACE)

  test.each([
    { options: '', counts: true },
    { options: 'namespaces="fleetmend-approval@v1"', counts: true },
    { options: 'NameSpaces="git,fleetmend-approval@v1"', counts: true },
    { options: 'namespaces="git"', counts: false },
    { options: 'valid-after="20200101"', counts: true },
    { options: 'valid-after="20200101000000Z",valid-before="20990101Z"', counts: true },
    { options: 'valid-after="20990101"', counts: false },
    { options: 'valid-before="202001010000"', counts: false },
  ])('both agree on `$options`', ({ options, counts }) => {
    const text = `"ana" ${options} ${key.publicKey} comment\n`
    expect(keygen.verify(text, 'ana', APPROVAL_NAMESPACE, message, sign())).toBe(counts)
    const { approvers, refused } = readApprovers(text)
    expect(refused).toEqual([])
    const nowMs = Date.now()
    const holds = approvers.some(
      ({ fingerprint, namespaces, validAfterMs, validBeforeMs }) =>
        fingerprint === key.fingerprint &&
        (namespaces?.includes(APPROVAL_NAMESPACE) ?? true) &&
        (validAfterMs ?? 0) <= nowMs &&
        nowMs <= (validBeforeMs ?? Infinity),
    )
    expect(holds).toBe(counts)
  })

  test.each([
    { zone: 'Asia/Tokyo', ahead: 9 },
    { zone: 'America/Phoenix', ahead: -7 },
  ])('both read times without Z on the clock of $zone', ({ zone, ahead }) => {
    vi.stubEnv('TZ', zone)
    onTestFinished(() => void vi.unstubAllEnvs())
    const until = (hours: number, suffix = '') =>
      `valid-before="${new Date(Date.now() + hours * 3_600_000).toISOString().replaceAll(/\D/g, '').slice(0, 12)}${suffix}"`
    // What is past in UTC is to come here, and the other way round.
    const rows = [until(ahead + 1), until(ahead - 2), until(1, 'Z'), until(-1, 'Z')].map((options) => {
      const text = `ana ${options} ${key.publicKey}\n`
      const { validBeforeMs } = readApprovers(text).approvers[0]!
      const holds = Date.now() <= (validBeforeMs ?? Infinity)
      return [holds, keygen.verify(text, 'ana', APPROVAL_NAMESPACE, message, sign())]
    })
    expect(rows).toEqual([
      [true, true],
      [false, false],
      [true, true],
      [false, false],
    ])
  })

  test('both refuse a line with an option for logins: a hardware key is touched for each approval', () => {
    const text = `ana no-touch-required ${key.publicKey}\n`
    expect(keygen.verify(text, 'ana', APPROVAL_NAMESPACE, message, sign())).toBe(false)
    expect(readApprovers(text).refused).toMatchObject([{ says: 'the option no-touch-required is not known' }])
  })

  test('whoever we list, stock ssh-keygen finds, too', () => {
    const text = `# comment\nben ${ben}\nana namespaces="git" ${key.publicKey}\n`
    expect(keygen.findPrincipals(text, sign())).toEqual(
      readApprovers(text)
        .approvers.filter(({ fingerprint }) => fingerprint === key.fingerprint)
        .map(({ principal }) => principal),
    )
  })
})

function ed25519(fill: number): string {
  return keyLine('ssh-ed25519', sshString(Buffer.alloc(32, fill)))
}

function keyLine(type: string, ...parts: readonly Buffer[]): string {
  return `${type} ${Buffer.concat([sshString(type), ...parts]).toString('base64')}`
}

function rsaLine(bits: number, exponent?: number): string {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' })
  const exponentBytes = exponent === undefined ? Buffer.from(e, 'base64url') : Buffer.from([exponent])
  return keyLine('ssh-rsa', mpint(exponentBytes), mpint(Buffer.from(n, 'base64url')))
}
