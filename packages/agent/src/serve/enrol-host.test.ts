import { createPrivateKey, createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto'
import { decodeJoinToken, enrolmentChallenge, problem, problemError, type EnrolRequest } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { throwAwayAuthority } from '../../test/throw-away-authority.ts'
import { letIn, secret, throwAwayController } from '../../test/throw-away-controller.ts'
import { enrolHost, type Enrolling } from './enrol-host.ts'

const newcomer = { host: 'web-7', os: 'Debian GNU/Linux 12 (bookworm)', agentVersion: '0.1.0' }

async function enrolWith(text: string): Promise<Enrolling> {
  const token = decodeJoinToken(text)
  return token.ok ? enrolHost(token.value, newcomer) : token
}

function otherKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
}

test('a host that proves its key gets an identity: its own key, and a certificate for it by the pinned authority', async () => {
  await using controller = await throwAwayController()
  const enrolled = await enrolWith(controller.token())
  if (!enrolled.ok) throw new Error(enrolled.problem.detail)
  const { identity } = enrolled
  expect(identity).toMatchObject({ host: 'web-7', fleet: controller.authority.fleet, url: controller.url })
  const issued = new X509Certificate(identity.certificate)
  expect(issued.checkPrivateKey(createPrivateKey(identity.key))).toBe(true)
  expect(issued.verify(new X509Certificate(controller.authority.certificate).publicKey)).toBe(true)

  const [request] = controller.asked
  expect(request).toMatchObject(newcomer)
  const key = createPublicKey({ key: Buffer.from(request!.publicKey, 'base64'), format: 'der', type: 'spki' })
  expect(key.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
  expect(verify('sha256', enrolmentChallenge(request!), key, Buffer.from(request!.signature, 'base64'))).toBe(true)
})

test('who poses as the controller is told nothing, and the person is told so', async () => {
  await using controller = await throwAwayController()
  const { fingerprint } = await throwAwayAuthority()
  const enrolled = await enrolWith(controller.token({ fingerprint }))
  expect(enrolled).toMatchObject({ ok: false, problem: { code: 'not-the-controller' } })
  expect(enrolled).toMatchObject({
    problem: { detail: expect.stringMatching(/may pose as the controller.*Nothing was sent/s) },
  })
  expect(controller.asked).toEqual([])
})

test.each(['token-used', 'token-expired', 'bad-token'] as const)(
  'the controller says %s, and that is what the person reads',
  async (code) => {
    await using controller = await throwAwayController({
      enrol() {
        throw problemError(problem(code, `Cannot let this host in: ${code}.`))
      },
    })
    expect(await enrolWith(controller.token())).toEqual({
      ok: false,
      problem: problem(code, `Cannot let this host in: ${code}.`),
    })
  },
)

describe('an answer that is not for this host is not taken', () => {
  const answers: Record<string, Parameters<typeof throwAwayController>[0]> = {
    'the certificate is for another key': { enrol: (request, authority) => letIn(request, authority, otherKey()) },
    'it names web-8, and this host is web-7': {
      enrol: (request, authority) => letIn({ ...request, host: 'web-8' }, authority),
    },
    'the certificate is for another name': {
      enrol: async (request, authority) => ({
        ...(await letIn({ ...request, host: 'web-8' }, authority)),
        host: 'web-7',
      }),
    },
    'the certificate is not by the authority of the join token': {
      enrol: async (request: EnrolRequest) => letIn(request, await throwAwayAuthority()),
    },
    'it holds no certificate': {
      enrol: async (request, authority) => ({ ...(await letIn(request, authority)), certificate: 'none' }),
    },
    'it has no such form': { enrol: () => ({ welcome: true }) },
  }
  test.each(Object.entries(answers))('%s', async (says, answer) => {
    await using controller = await throwAwayController(answer)
    expect(await enrolWith(controller.token())).toMatchObject({
      ok: false,
      problem: { code: 'internal', detail: expect.stringContaining(says) },
    })
  })
})

test('a certificate for another address is refused, although its authority is the right one', async () => {
  await using controller = await throwAwayController({ dnsName: 'controller.example' })
  const enrolled = await enrolWith(controller.token())
  expect(enrolled).toMatchObject({ ok: false, problem: { code: 'not-the-controller' } })
  expect(enrolled).toMatchObject({ problem: { detail: expect.stringContaining('does not match') } })
  expect(controller.asked).toEqual([])
})

test('where no controller listens the person is told so', async () => {
  await using controller = await throwAwayController()
  await controller.stop()
  expect(await enrolWith(controller.token())).toMatchObject({
    ok: false,
    problem: { code: 'controller-unreachable', detail: expect.stringContaining(controller.url) },
  })
})

test('a line that is lost before the answer leaves open whether the token is used up, and says so', async () => {
  await using controller = await throwAwayController({
    enrol: async () => {
      await controller.stop()
      return {}
    },
  })
  expect(await enrolWith(controller.token())).toMatchObject({
    ok: false,
    problem: { code: 'controller-unreachable', detail: expect.stringContaining('may be used up') },
  })
})

test.each(['token', 'fmj2.abc', 'fmj1.###', 'fmj1.e30'])('%j is no token, and is not repeated', async (text) => {
  const enrolled = await enrolWith(text)
  expect(enrolled).toMatchObject({ ok: false, problem: { code: 'bad-token' } })
  expect(JSON.stringify(enrolled)).not.toContain('fmj2.abc')
})

test('no message repeats the secret', async () => {
  await using controller = await throwAwayController({ enrol: () => ({}) })
  expect(JSON.stringify(await enrolWith(controller.token()))).not.toContain(secret)
})
