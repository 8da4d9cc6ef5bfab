import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once, EventEmitter } from 'node:events'
import { problem, type Peer } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { describe, expect, test } from 'vitest'
import { throwAwayAuthority, type Life } from '../../test/throw-away-authority.ts'
import {
  described,
  throwAwayController,
  type Answers,
  type ThrowAwayController,
} from '../../test/throw-away-controller.ts'
import type { Identity } from '../state/identity.ts'
import { dialOut } from './dial-out.ts'

const t = initTRPC.create()
const router = t.router({ hello: t.procedure.query(() => 'web-7 here') })
const minuteMs = 60_000

/** A host of this controller's fleet, dialling out with a clock and pauses that the test moves. */
async function host(controller: ThrowAwayController, life?: Life) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = await controller.authority.client('web-7', publicKey, life)
  const { validFrom, validTo } = new X509Certificate(certificate)
  const identity: Identity = {
    format: 'fleetmend.identity/1',
    host: 'web-7',
    fleet: controller.authority.fleet,
    url: controller.url,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    certificate,
    authority: controller.authority.certificate,
    issuedAt: new Date(validFrom).toISOString(),
    expiresAt: new Date(validTo).toISOString(),
  }
  const events = new EventEmitter()
  const said: string[] = []
  const pauses: { readonly ms: number; readonly end: () => void }[] = []
  const saved: Identity[] = []
  const stop = new AbortController()
  let nowMs = Date.now()
  const ended = dialOut(
    {
      identity,
      peer: { router },
      saveIdentity: async (renewed) => {
        saved.push(renewed)
        events.emit('saved')
      },
      say: (line) => said.push(line),
      nowMs: () => nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true })
          if (signal.aborted) return resolve()
          pauses.push({ ms, end: resolve })
          events.emit('pause')
        }),
    },
    stop.signal,
  )
  return {
    identity,
    said,
    saved,
    pass: (ms: number) => (nowMs += ms),
    /** The next wait that it begins; it lasts until the test ends it. */
    async pause() {
      while (pauses.length === 0) await once(events, 'pause')
      return pauses.shift()!
    },
    /** The next wait before another attempt; a wait for the renewal ends by itself with its connection. */
    async retry() {
      for (;;) {
        const pause = await this.pause()
        if (pause.ms <= minuteMs) return pause
      }
    },
    async hasSaved(): Promise<Identity> {
      while (saved.length === 0) await once(events, 'saved')
      return saved[0]!
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
    },
  }
}

const askHello = (peer: Peer) => peer.query('hello')

test('it connects with its certificate, and its controller can ask it', async () => {
  await using controller = await throwAwayController()
  await using at = await host(controller)
  expect(await askHello(await controller.nextAgent())).toBe('web-7 here')
  expect(at.said).toEqual([`connected to the controller at ${controller.url} as web-7`])
})

test('it comes back by itself when the controller does, and tells each change once', async () => {
  await using controller = await throwAwayController()
  await using at = await host(controller)
  await controller.nextAgent()
  await controller.stop()
  const waits: number[] = []
  for (let attempt = 0; attempt < 4; attempt++) {
    const pause = await at.retry()
    waits.push(pause.ms)
    if (attempt === 3) await controller.start()
    pause.end()
  }
  expect(await askHello(await controller.nextAgent())).toBe('web-7 here')
  expect(at.said).toEqual([
    `connected to the controller at ${controller.url} as web-7`,
    expect.stringMatching(/^the connection to the controller is gone.*; trying again$/),
    expect.stringMatching(/^no controller answers at .*ECONNREFUSED.*; trying again$/),
    `connected to the controller at ${controller.url} as web-7`,
  ])
  for (const [attempt, ms] of waits.entries()) {
    expect(ms).toBeGreaterThanOrEqual(500)
    expect(ms).toBeLessThanOrEqual(500 * 2 ** attempt)
  }
})

test('after a connection that lasted it waits as after the first attempt', async () => {
  await using controller = await throwAwayController()
  controller.turnAway(503)
  await using at = await host(controller)
  for (let attempt = 0; attempt < 5; attempt++) {
    const pause = await at.pause()
    if (attempt === 4) controller.turnAway(null)
    pause.end()
  }
  const peer = await controller.nextAgent()
  await at.pause()
  at.pass(2 * minuteMs)
  peer.close()
  expect((await at.retry()).ms).toBe(500)
  expect(at.said[0]).toContain(
    'does not take connections now: It answered with HTTP status 503: This host is not one of the fleet.',
  )
})

test('a host that is no longer let in says exactly how to enrol it again', async () => {
  await using controller = await throwAwayController()
  controller.turnAway('host-removed')
  await using at = await host(controller)
  const { end } = await at.pause()
  end()
  await at.pause()
  expect(at.said).toHaveLength(1)
  expect(at.said[0]).toMatch(/does not let this host in \(host-removed\): This host is not one of the fleet\./)
  expect(at.said[0]).toContain('`fleetmend hosts invite --host web-7`')
  expect(at.said[0]).toContain('`fleetmend-agent enrol --again --host web-7 -`')
  expect(at.said[0]).not.toContain('\n')
})

describe('a certificate that ran out', () => {
  const nowMs = Date.now()
  const over = { fromMs: nowMs - 90 * minuteMs, untilMs: nowMs - 30 * minuteMs }

  test('is renewed, with the key that it was for, and the host is connected again at once', async () => {
    const shown: X509Certificate[] = []
    await using controller = await throwAwayController({
      async renew(certificate, authority) {
        shown.push(certificate)
        return described(await authority.client('web-7', certificate.publicKey))
      },
    })
    await using at = await host(controller, over)
    expect(await askHello(await controller.nextAgent())).toBe('web-7 here')
    expect(shown.map(({ raw }) => raw)).toEqual([new X509Certificate(at.identity.certificate).raw])
    expect(at.saved).toHaveLength(1)
    expect(at.said[0]).toMatch(/^the certificate was renewed/)
  })

  test('is renewed as well where the clock of this host says that it is good', async () => {
    await using controller = await throwAwayController({
      async renew(certificate, authority) {
        controller.turnAway(null)
        return described(await authority.client('web-7', certificate.publicKey))
      },
    })
    controller.turnAway('certificate-expired')
    await using at = await host(controller)
    expect(await askHello(await controller.nextAgent())).toBe('web-7 here')
    expect(at.saved).toHaveLength(1)
  })
})

describe('what only a person can change', () => {
  test.each(['host-removed', 'host-replaced', 'certificate-too-old', 'foreign-certificate'] as const)(
    '%s is asked again after minutes and then hours, not seconds, and said once',
    async (code) => {
      await using controller = await throwAwayController()
      controller.turnAway(code)
      await using at = await host(controller)
      for (let attempt = 0; attempt < 12; attempt++) {
        const pause = await at.pause()
        expect(pause.ms).toBeGreaterThanOrEqual(minuteMs)
        expect(pause.ms).toBeLessThanOrEqual(Math.min(minuteMs * 2 ** attempt, 60 * minuteMs))
        pause.end()
      }
      expect(at.said).toHaveLength(1)
    },
  )

  test('a line that is cut because the host was removed says so, with what to do', async () => {
    await using controller = await throwAwayController()
    await using at = await host(controller)
    ;(await controller.nextAgent()).close(problem('host-removed', 'web-7 was taken out of this fleet.'))
    expect((await at.retry()).ms).toBe(minuteMs)
    expect(at.said.at(-1)).toMatch(
      /\(host-removed\): web-7 was taken out of this fleet\..*`fleetmend hosts invite --host web-7`/,
    )
  })
})

test('a server with another authority is never spoken with', async () => {
  await using controller = await throwAwayController()
  await using other = await throwAwayController()
  await using at = await host({ ...controller, url: other.url })
  await at.pause()
  expect(at.said[0]).toMatch(
    /^what answers at .* is not the controller of this fleet: self-signed certificate.*nothing was said to it/,
  )
})

test('the certificate is renewed at about two thirds of its life, for the same key', async () => {
  const renewed: X509Certificate[] = []
  await using controller = await throwAwayController({
    async renew(certificate, authority) {
      renewed.push(certificate)
      const life = { fromMs: Date.now(), untilMs: Date.now() + 24 * 60 * minuteMs }
      return described(await authority.client('web-7', certificate.publicKey, life))
    },
  })
  const fromMs = Math.floor(Date.now() / 1000) * 1000
  await using at = await host(controller, { fromMs, untilMs: fromMs + 90 * minuteMs })
  await controller.nextAgent()
  const wait = await at.pause()
  expect(wait.ms).toBeGreaterThan(0.59 * 90 * minuteMs)
  expect(wait.ms).toBeLessThan(0.71 * 90 * minuteMs)
  // Not yet due: nothing is asked.
  wait.end()
  const again = await at.pause()
  expect(renewed).toEqual([])
  at.pass(64 * minuteMs)
  again.end()
  const saved = await at.hasSaved()
  expect(renewed.map(({ raw }) => raw)).toEqual([new X509Certificate(at.identity.certificate).raw])
  expect(saved).toMatchObject({ host: 'web-7', key: at.identity.key })
  expect(new X509Certificate(saved.certificate).checkPrivateKey(createPrivateKey(saved.key))).toBe(true)
  expect(Date.parse(saved.expiresAt)).toBeGreaterThan(Date.parse(at.identity.expiresAt))
})

test.each<{ readonly says: string; readonly renew: NonNullable<Answers['renew']> }>([
  {
    says: 'the certificate is for another key',
    renew: async (_, authority) => described(await authority.client('web-7', otherKey())),
  },
  {
    says: 'the certificate is for another name',
    renew: async ({ publicKey }, authority) => described(await authority.client('web-8', publicKey)),
  },
  {
    says: 'it ends before the one that it is to replace',
    renew: async ({ publicKey }, authority) =>
      described(await authority.client('web-7', publicKey, { fromMs: 0, untilMs: Date.now() + minuteMs })),
  },
  {
    says: 'no authority that this host trusts vouches for the new one',
    async renew({ publicKey }, authority) {
      const stranger = await throwAwayAuthority()
      const [known, unknown] = [authority, stranger].map(({ certificate }) => ({ certificate, vouched: null }))
      return { ...(await described(await stranger.client('web-7', publicKey))), authorities: [known, unknown] }
    },
  },
  { says: 'its answer has no such form', renew: () => ({}) },
  {
    says: 'the certificate could not be renewed',
    renew() {
      throw new Error('broken')
    },
  },
])('a renewal that is none is not kept: $says', async ({ says, renew }) => {
  await using controller = await throwAwayController({ renew })
  const nowMs = Date.now()
  await using at = await host(controller, { fromMs: nowMs - 60 * minuteMs, untilMs: nowMs + 10 * minuteMs })
  await controller.nextAgent()
  const due = await at.pause()
  expect(due.ms).toBe(0)
  due.end()
  const again = await at.pause()
  expect(again.ms).toBe(minuteMs)
  expect(at.said.at(-1)).toContain(says)
  expect(at.saved).toEqual([])
})

function otherKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return createPublicKey(privateKey)
}
