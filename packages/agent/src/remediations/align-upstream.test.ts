/** nginx asks where a pool listens, or the pool listens where nginx asks; elsewhere a person is told what is in the way. */
import { describe, expect, test } from 'vitest'
import type { SocketAddress } from '../host/host.ts'
import {
  samplePass,
  samplePeer,
  sampleUnreached,
  sampleUpstream,
  sampleWayToNothing,
} from '../survey/sample-addresses.ts'
import {
  sampleConfig,
  sampleFacts,
  sampleFpm,
  sampleNowMs,
  samplePool,
  samplePoolFile,
  samplePoolText,
} from '../survey/sample-facts.ts'
import { sampleSite } from '../survey/sample-sites.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { sampleNginxConfig, sampleNginxSite, sampleNginxSiteText } from '../survey/sample-nginx-config.ts'
import { alignUpstream } from './align-upstream.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const old: SocketAddress = 'unix:/run/php/php8.2-fpm.sock'
const moved: SocketAddress = 'unix:/run/php/www.sock'
const input = { site: 'shop.example', pool: 'php8.2-fpm/www', side: 'nginx' } as const
const dead = sampleUnreached(old, 'ENOENT', { way: sampleWayToNothing('/run/php/php8.2-fpm.sock') })
const peer = samplePeer(old, { line: 11 })

/** The pool was moved from where nginx asks, and nginx was not told. */
function movedHost(
  listen: SocketAddress = moved,
  changes: Partial<HostFacts['nginx']> = {},
  fpm: Partial<FpmFacts> = {},
) {
  const text = samplePoolText.replace(/^listen = .*$/m, `listen = ${listen.slice(listen.indexOf(':') + 1)}`)
  const pool = samplePool({ listen, listenModifiedMs: sampleNowMs - 60_000 })
  const config = { ok: true, value: sampleConfig({ pool: text }) } as const
  const facts = sampleFacts({
    fpm: [sampleFpm({ pools: [pool], listensOn: [listen], config, ...fpm })],
    sites: [sampleSite({ upstreams: [old] })],
    passes: [samplePass({ line: 11, peers: [peer] })],
    upstreams: [dead],
    nginxConfig: sampleNginxConfig(),
  })
  return { ...facts, nginx: { ...facts.nginx, ...changes } }
}

describe('nginx follows', () => {
  test.each([
    [moved, 'unix:/run/php/www.sock'],
    ['tcp:127.0.0.1:9000', '127.0.0.1:9000'],
    ['tcp:0.0.0.0:9000', '127.0.0.1:9000'],
    ['tcp:[::]:9000', '[::1]:9000'],
  ] as const)('to a pool on %s', (listen, target) => {
    const facts = movedHost(listen)
    const drafted = alignUpstream.draft(facts, input)
    expect(filesAfter(facts, drafted)).toEqual({
      [sampleNginxSite]: sampleNginxSiteText.replace('unix:/run/php/php8.2-fpm.sock', target),
    })
    expect(mustDraft(drafted)).toMatchObject({
      acts: [{ act: 'reload-nginx' }],
      checks: [
        { when: 'planned', check: 'nginx-config' },
        { when: 'live', check: 'nginx-config' },
      ],
      clears: [{ diagnosis: 'upstream-mismatch', subject: { kind: 'site', name: 'shop.example' } }],
      disturbs: [],
      basis: [{ of: 'master', service: 'nginx' }],
    })
    expect(mustDraft(drafted).because).toMatch(/FPM's side was changed last/)
  })

  test('in the block of the upstream, with what else its server has', () => {
    const text = `upstream php {\n\tserver unix:/run/php/php8.2-fpm.sock max_fails=3;\n}\n${sampleNginxSiteText.replace('unix:/run/php/php8.2-fpm.sock', 'php')}`
    const inGroup = samplePeer(old, { line: 2 })
    const facts = movedHost(moved, {
      config: sampleNginxConfig({ [sampleNginxSite]: text }),
      passes: [samplePass({ line: 14, group: 'php', target: 'php', peers: [inGroup] })],
    })
    expect(filesAfter(facts, alignUpstream.draft(facts, input))[sampleNginxSite]).toContain(
      'server unix:/run/php/www.sock max_fails=3;',
    )
  })

  test('and says of a site that was written for another version, and of a pool that would not have it', () => {
    const was: SocketAddress = 'unix:/run/php/php7.4-fpm.sock'
    const text = `${samplePoolText.replace(/^listen = .*$/m, 'listen = 127.0.0.1:9000')}listen.allowed_clients = 10.0.0.1\n`
    const facts = movedHost(
      'tcp:127.0.0.1:9000',
      {
        config: sampleNginxConfig({ [sampleNginxSite]: sampleNginxSiteText.replace('8.2', '7.4') }),
        passes: [samplePass({ line: 11, peers: [samplePeer(was, { line: 11 })] })],
        upstreams: [sampleUnreached(was, 'ENOENT', { way: sampleWayToNothing('/run/php/php7.4-fpm.sock') })],
      },
      { config: { ok: true, value: sampleConfig({ pool: text }) } },
    )
    const { warnings } = mustDraft(alignUpstream.draft(facts, input))
    expect(warnings.join(' ')).toMatch(
      /names PHP 7\.4.*takes requests from 10\.0\.0\.1 only; allow-client adds 127\.0\.0\.1/,
    )
  })
})

describe('the pool follows', () => {
  const side = { ...input, side: 'fpm' } as const
  test('by a reload, which opens another address', () => {
    const facts = movedHost()
    const drafted = alignUpstream.draft(facts, side)
    expect(filesAfter(facts, drafted)).toEqual({ [samplePoolFile]: samplePoolText })
    expect(mustDraft(drafted).acts).toMatchObject([{ act: 'reload-fpm', service: 'php8.2-fpm' }])
  })

  test('but never away from a site that it serves', () => {
    const facts = movedHost(moved, {
      passes: [
        samplePass({ line: 11, peers: [peer] }),
        samplePass({ site: 'blog.example', peers: [samplePeer(moved)] }),
      ],
      upstreams: [dead, sampleUpstream({ address: moved })],
    })
    expect(alignUpstream.draft(facts, side)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('already serves blog.example') as string,
    })
  })

  test('nor to another host', () => {
    const away: SocketAddress = 'tcp:10.0.0.9:9000'
    const facts = movedHost(moved, {
      passes: [samplePass({ line: 11, peers: [samplePeer(away, { line: 11 })] })],
      upstreams: [sampleUnreached(away, 'ECONNREFUSED', { isHere: true })],
    })
    const [upstream] = facts.nginx.upstreams
    const elsewhere = { ...facts, nginx: { ...facts.nginx, upstreams: [{ ...upstream!, isHere: false }] } }
    expect(alignUpstream.draft(elsewhere, side).kind).not.toBe('draft')
  })
})

describe('refused', () => {
  test.each([
    ['a pool that is not there', movedHost(), { ...input, pool: 'php8.2-fpm/api' as const }, /no pool of that name/],
    ['a site that is not there', movedHost(), { ...input, site: 'blog.example' }, /no site blog\.example/],
    [
      'a pool whose file is not loaded',
      movedHost(moved, {}, { listensOn: ['unix:/run/php/other.sock'] }),
      input,
      /does not listen where its file says/,
    ],
    [
      'what another hand has changed in between',
      movedHost(moved, { config: sampleNginxConfig({ [sampleNginxSite]: sampleNginxSiteText.replace('8.2', '8.1') }) }),
      input,
      /is not a plain address/,
    ],
    [
      'a private view of the folder',
      movedHost(moved, { upstreams: [{ ...dead, way: { ...dead.way!, seenBy: ['php8.2-fpm'] } }] }),
      input,
      /its own view of that folder/,
    ],
    ['an nginx that is down', movedHost(moved, { master: null }), input, /nginx is not running/],
  ] as const)('for %s', (_, facts, given, because) => {
    expect(alignUpstream.draft(facts, given)).toMatchObject({
      kind: 'refused',
      because: expect.stringMatching(because) as string,
    })
  })

  test('nothing to do where PHP answers', () => {
    expect(alignUpstream.draft(sampleFacts({ nginxConfig: sampleNginxConfig() }), input)).toMatchObject({
      kind: 'nothing-to-do',
    })
  })
})
