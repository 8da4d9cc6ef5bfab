import { describe, expect, test } from 'vitest'
import { samplePass, samplePeer, sampleUnreached, sampleUpstream } from '../../survey/sample-addresses.ts'
import { sampleFacts, sampleFpm, sampleNowMs, samplePool } from '../../survey/sample-facts.ts'
import { sampleSite } from '../../survey/sample-sites.ts'
import { diagnose } from '../diagnose.ts'
import { localTime } from '../../survey/sample-logs.ts'
import { failing, site, line, socket, tcpFpm, type Changes } from '../../survey/sample-unreached.ts'
import { finding, told } from './sample-told.ts'

describe('wrong-protocol', () => {
  test('the first byte of an answer that is no FastCGI', () => {
    const reply = {
      kind: 'broken',
      says: 'answered with FastCGI version 72: this is not a FastCGI server',
      tookMs: 1,
    } as const
    const address = 'tcp:127.0.0.1:80'
    const holders = [{ address: 'tcp:0.0.0.0:80', pid: 50, comm: 'nginx', title: '' }] as const
    const facts = failing(address, '', { upstreams: [sampleUpstream({ address, reply, holders })] })
    expect(finding(facts)).toMatchObject({
      diagnosis: 'wrong-protocol',
      says: 'shop.example sends FastCGI to 127.0.0.1:80, where nginx speaks HTTP.',
    })
  })
})

describe('clients-not-allowed', () => {
  const address = 'tcp:127.0.0.1:9000'
  const closed = { kind: 'broken', says: 'connection reset', tookMs: 1 } as const
  const facts = (allowed: string, changes: object = {}) =>
    failing(address, '', {
      fpm: [{ ...tcpFpm('127.0.0.1:9000', `listen.allowed_clients = ${allowed}\n`), ...changes }],
      upstreams: [sampleUpstream({ address, reply: closed })],
    })

  test.each([
    { allowed: '10.0.0.1', told: ['cause clients-not-allowed'] },
    { allowed: '10.0.0.1, 127.0.0.1', told: ['cause clients-not-allowed'] },
    { allowed: '10.0.0.1,127.0.0.1', told: [] },
  ])('$allowed', ({ allowed, told: expected }) => {
    expect(told(facts(allowed))).toEqual(expected)
  })

  test('what is not loaded refuses nobody', () => {
    expect(told(facts('10.0.0.1', { configModifiedMs: sampleNowMs - 1000 }))).toEqual([])
  })
})

describe('port-blocked', () => {
  const address = 'tcp:127.0.0.1:9000'
  const holders = [{ address, pid: 100, comm: 'php-fpm8.2', title: '' }] as const
  const facts = (errno: string, fpm = tcpFpm()) =>
    failing(address, errno, { fpm: [fpm], upstreams: [sampleUnreached(address, errno, { holders })] })

  test.each(['ECONNREFUSED', 'EACCES', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])(
    '%s although FPM listens',
    (errno) => {
      expect(told(facts(errno))).toEqual(['cause port-blocked'])
    },
  )

  test('silence of a port with a full queue is the pool’s', () => {
    const pools = [samplePool({ listen: address, queue: { ok: true, value: { waiting: [5, 5, 5], limit: 4 } } })]
    expect(told(facts('ETIMEDOUT', { ...tcpFpm(), pools }))).toEqual([])
  })

  test('where the kernel’s list could not be read nothing is claimed', () => {
    const upstreams = [sampleUnreached(address, 'ECONNREFUSED', { holders: null })]
    expect(told(failing(address, 'ECONNREFUSED', { upstreams }))).toEqual([])
  })
})

describe('upstream-name-unresolved', () => {
  const variable = samplePass({ peers: [], target: '$backend' })
  const noResolver = line({ kind: 'not-resolved', message: 'no resolver defined to resolve php.internal' })
  const facts = (changes: Changes) =>
    sampleFacts({
      passes: [variable],
      upstreams: [],
      sites: [sampleSite({ ...site(502, socket), upstreams: [] })],
      ...changes,
    })

  test('a variable without a resolver', () => {
    expect(finding(facts({ errors: [noResolver] }))).toMatchObject({
      diagnosis: 'upstream-name-unresolved',
      role: 'cause',
      says: 'nginx cannot look up where shop.example asks for PHP: `fastcgi_pass $backend` is a variable, and no resolver is set.',
    })
  })

  test.each([
    { is: 'nothing was logged', changes: {} },
    { is: 'it was logged long ago', changes: { errors: [{ ...noResolver, localTime: localTime(900) }] } },
    { is: 'it was logged for another server', changes: { errors: [{ ...noResolver, server: 'blog.example' }] } },
    { is: 'the site answers', changes: { errors: [noResolver], sites: [sampleSite({ upstreams: [] })] } },
    { is: 'no variable is there', changes: { errors: [noResolver], passes: [samplePass()] } },
  ])('silent where $is', ({ changes }) => {
    expect(told(facts(changes))).toEqual([])
  })

  test('a name that no longer resolves, while nginx goes on with what it found: a risk', () => {
    const address = 'tcp:php.internal:9000'
    const upstreams = [sampleUnreached(address, 'ENOTFOUND', { isHere: null })]
    const passes = [samplePass({ peers: [samplePeer(address)] })]
    expect(told(sampleFacts({ sites: [site(200, address)], passes, upstreams }))).toEqual([
      'risk upstream-name-unresolved',
    ])
    expect(told(sampleFacts({ sites: [site(502, address)], passes, upstreams }))).toEqual([
      'cause upstream-name-unresolved',
    ])
  })
})

describe('groups', () => {
  const [first, second] = ['tcp:127.0.0.1:9000', 'tcp:[::1]:9000'] as const
  const alive = sampleUpstream({ address: first })
  const dead = sampleUnreached(second, 'ECONNREFUSED')
  const group = (target: string, name: string | null) => {
    const peers = [samplePeer(first, { target }), samplePeer(second, { target: name === null ? target : 'other' })]
    return samplePass({ peers, group: name, target: name ?? target })
  }
  const facts = (pass: ReturnType<typeof group>, status: number, changes: Changes = {}) =>
    sampleFacts({
      fpm: [tcpFpm()],
      passes: [pass],
      upstreams: [alive, dead],
      sites: [site(status, second)],
      ...changes,
    })

  test('one of two answers: a risk, and visitors are served', () => {
    expect(told(facts(group('127.0.0.1:9000', 'php'), 200))).toEqual(['risk no-live-upstreams'])
    expect(diagnose(facts(group('127.0.0.1:9000', 'php'), 200))).toMatchObject({ status: 'at-risk', couldNotTell: [] })
  })

  test('localhost is such a group, with words of its own', () => {
    expect(told(facts(group('localhost:9000', null), 200))).toEqual(['risk localhost-two-peers'])
  })

  test.each([
    { upstream: 'fastcgi://php', group: group('127.0.0.1:9000', 'php'), cause: 'cause no-live-upstreams' },
    { upstream: 'fastcgi://localhost', group: group('localhost:9000', null), cause: 'cause localhost-two-peers' },
  ])('given up, although one answers again: $cause', ({ upstream, group: pass, cause }) => {
    expect(told(facts(pass, 502, { errors: [line({ upstream })] }))).toContain(cause)
    const old = [line({ upstream, localTime: localTime(60) })]
    expect(told(facts(pass, 502, { errors: old }))).not.toContain(cause)
    expect(told(facts(pass, 200, { errors: [line({ upstream })] }))).not.toContain(cause)
  })

  test('every server marked down', () => {
    const peers = [samplePeer(first, { isDown: true })]
    const pass = samplePass({ peers, group: 'php', target: 'php' })
    expect(told(sampleFacts({ passes: [pass], upstreams: [], sites: [site(502, first)] }))).toEqual([
      'cause no-live-upstreams',
    ])
  })

  test('when no server answers, what keeps each from it is told, not the group', () => {
    const upstreams = [sampleUnreached(first, 'ECONNREFUSED'), dead]
    const errors = [line({ upstream: 'fastcgi://php' })]
    const found = told(facts(group('127.0.0.1:9000', 'php'), 502, { upstreams, errors, fpm: [sampleFpm()] }))
    expect(new Set(found)).toEqual(new Set(['cause upstream-mismatch']))
  })
})
