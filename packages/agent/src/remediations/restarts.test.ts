/** What restarts PHP-FPM: only where a reload cannot help, and with as few requests lost as a restart can. */
import { describe, expect, test } from 'vitest'
import type { SocketAddress } from '../host/host.ts'
import {
  samplePass,
  samplePeer,
  sampleStep,
  sampleUnreached,
  sampleUpstream,
  sampleWay,
  sampleWayToNothing,
} from '../survey/sample-addresses.ts'
import { sampleConfig, sampleFacts, sampleFpm, samplePool, samplePoolText, sampleUnit } from '../survey/sample-facts.ts'
import { sampleSite } from '../survey/sample-sites.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import type { Drafted } from './define.ts'
import { recreateSocket } from './recreate-socket.ts'
import { restartFpm } from './restart-fpm.ts'

const service = 'php8.2-fpm'
const pool = `${service}/www` as const
const path = '/run/php/php8.2-fpm.sock'
const socket: SocketAddress = `unix:${path}`
const api: SocketAddress = 'unix:/run/php/api.sock'

const unlinked = sampleUnreached(socket, 'ENOENT', { way: sampleWayToNothing(path) })
const covered = sampleUnreached(socket, 'ECONNREFUSED', {
  way: { ...sampleWay(path), steps: [sampleStep('/'), sampleStep(path, { kind: 'file', mode: 0o644 })] },
})

function requests(total: number) {
  return { requests: { ok: true, value: { total, byStatus: new Map([[200, total]]) } } } as const
}

/** The service has a second pool, which answers. */
function withApi(total: number): HostFacts {
  const fpm = sampleFpm({
    listensOn: [socket, api],
    pools: [samplePool(), samplePool({ name: 'api', subject: `${service}/api`, listen: api })],
  })
  const sites = [sampleSite(), sampleSite({ serverName: 'api.example', upstreams: [api], ...requests(total) })]
  const passes = [samplePass(), samplePass({ site: 'api.example', peers: [samplePeer(api)] })]
  return sampleFacts({ fpm: [fpm], sites, passes, upstreams: [unlinked, sampleUpstream({ address: api })] })
}

describe('recreate-socket', () => {
  test.each([
    ['deleted', unlinked, 'socket-missing'],
    ['covered by another file', covered, 'socket-stale'],
  ] as const)('a socket that was %s is made anew', (_, upstream, diagnosis) => {
    const drafted = drafting(recreateSocket.draft(sampleFacts({ upstreams: [upstream] }), { pool }))
    expect(drafted).toMatchObject({
      acts: [{ act: 'restart', service, finishMs: 5000 }],
      clears: [{ diagnosis, subject: { kind: 'pool', name: pool } }],
      checks: [{ when: 'planned', check: 'fpm-config', service }],
      basis: [{ of: 'master' }, { of: 'unit' }],
    })
    expect(drafted.disturbs.join(' ')).toContain('nginx reaches no pool')
  })

  test('one that answers is left alone', () => {
    expect(recreateSocket.draft(sampleFacts(), { pool })).toMatchObject({ kind: 'nothing-to-do' })
  })

  test.each([
    ['its folder is gone', { way: sampleWayToNothing(path, { missing: '/run/php' }) }, 'ENOENT', /\/run\/php is gone/],
    [
      'a directory stands there',
      { way: { ...sampleWay(path), steps: [sampleStep('/'), sampleStep(path)] } },
      'ECONNREFUSED',
      /is a directory/,
    ],
  ] as const)('refused where FPM would not start again: %s', (_, changes, errno, because) => {
    const facts = sampleFacts({ upstreams: [sampleUnreached(socket, errno, changes)] })
    expect(recreateSocket.draft(facts, { pool })).toMatchObject({
      kind: 'refused',
      because: expect.stringMatching(because) as string,
    })
  })

  test.each([
    ['a pool that is not there', { pool: `${service}/none` as const }, /has no pool of that name/],
    ['a service that is not there', { pool: 'php7.4-fpm/www' as const }, /no PHP-FPM service/],
  ])('refused for %s', (_, input, because) => {
    expect(recreateSocket.draft(sampleFacts({ upstreams: [unlinked] }), input)).toMatchObject({
      kind: 'refused',
      because: expect.stringMatching(because) as string,
    })
  })

  test('refused where the next socket would keep nginx out of a pool that answers', () => {
    const facts = withApi(10)
    const [fpm] = facts.fpm
    const text = `${samplePoolText}[api]\nuser = www-data\nlisten = /run/php/api.sock\npm = static\npm.max_children = 1\n`
    const config = { ok: true, value: sampleConfig({ pool: text }) } as const
    expect(recreateSocket.draft({ ...facts, fpm: [{ ...fpm!, config }] }, { pool })).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('its socket would be root:root 0660') as string,
      toDo: expect.stringContaining('fix-socket-access --input pool=php8.2-fpm/api') as string,
    })
  })

  test.each([
    ['few come in: they may finish', 60, { finishMs: 1000 }, /may finish, for at most 1 s/],
    ['many come in: waiting would lose more', 6000, {}, /are cut off and answered 502.*about 20 come in each second/],
  ] as const)('for a pool beside it that serves, where %s', (_, total, finish, says) => {
    const drafted = drafting(recreateSocket.draft(withApi(total), { pool }))
    expect(drafted.acts).toEqual([{ act: 'restart', service, ...finish }])
    expect(drafted.disturbs.join(' ')).toMatch(says)
    expect(drafted.disturbs.join(' ')).toMatch(/new requests to pool api get 502/)
  })
})

describe('restart-fpm', () => {
  test('is refused where a reload would do, and says how to insist', () => {
    expect(restartFpm.draft(sampleFacts(), { service, anyway: false })).toMatchObject({
      kind: 'refused',
      toDo: expect.stringMatching(/reload-fpm.*anyway=true/) as string,
    })
    expect(drafting(restartFpm.draft(sampleFacts(), { service, anyway: true })).acts).toMatchObject([
      { act: 'restart' },
    ])
  })

  test('has systemd read unit files that were changed', () => {
    const facts = sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit({ needDaemonReload: true }) })] })
    const drafted = drafting(restartFpm.draft(facts, { service, anyway: false }))
    expect(drafted.acts).toMatchObject([{ act: 'daemon-reload' }, { act: 'restart', service }])
  })

  test('clears a lost socket', () => {
    const drafted = drafting(restartFpm.draft(sampleFacts({ upstreams: [unlinked] }), { service, anyway: false }))
    expect(drafted.clears).toEqual([{ diagnosis: 'socket-missing', subject: { kind: 'pool', name: pool } }])
  })

  test('is refused where systemd does not run it', () => {
    const facts = sampleFacts({ fpm: [sampleFpm({ unit: null })] })
    expect(restartFpm.draft(facts, { service, anyway: true })).toMatchObject({ kind: 'refused' })
  })
})

function drafting(drafted: Drafted): Extract<Drafted, { kind: 'draft' }> {
  if (drafted.kind !== 'draft') throw new Error(drafted.because)
  return drafted
}
