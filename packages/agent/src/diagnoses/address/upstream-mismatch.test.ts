import { describe, expect, test } from 'vitest'
import { samplePass, samplePeer, sampleUnreached } from '../../survey/sample-addresses.ts'
import {
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleNowMs,
  samplePool,
  sampleUnit,
} from '../../survey/sample-facts.ts'
import { diagnose } from '../diagnose.ts'
import { localTime } from '../../survey/sample-logs.ts'
import { failing, site, line, socket, stopped } from '../../survey/sample-unreached.ts'
import { finding, told } from './sample-told.ts'

describe('upstream-mismatch', () => {
  const gone = 'unix:/run/php/php7.4-fpm.sock'

  test('nginx names a version that is gone: both sides are said, and what changed last', () => {
    const peers = [samplePeer(gone, { modifiedMs: sampleNowMs - 60_000 })]
    const facts = failing(gone, 'ENOENT', { passes: [samplePass({ peers })] })
    expect(told(facts)).toEqual(['cause upstream-mismatch'])
    expect(finding(facts)).toMatchObject({
      subject: { kind: 'site', name: 'shop.example' },
      says:
        'shop.example asks for PHP at /run/php/php7.4-fpm.sock, but php8.2-fpm/www listens on /run/php/php8.2-fpm.sock. ' +
        "nginx's side was changed last, at 2026-11-21T02:59:00.000Z.",
      remediations: [{ id: 'align-upstream', input: { site: 'shop.example', pool: 'php8.2-fpm/www' } }],
    })
    expect(finding(facts)?.evidence.map(({ source }) => source)).toEqual(
      expect.arrayContaining(['/etc/nginx/sites-enabled/shop:9', '/etc/php/8.2/fpm/pool.d/www.conf:4']),
    )
  })

  test('files of one deployment: neither is said to be the last', () => {
    const peers = [samplePeer(gone, { modifiedMs: sampleNowMs - 7_200_000 })]
    expect(finding(failing(gone, 'ENOENT', { passes: [samplePass({ peers })] }))?.says).not.toContain('changed last')
  })

  test('a file that nginx has not loaded and would refuse says nothing of where it goes', () => {
    const peers = [samplePeer(gone, { modifiedMs: sampleNowMs - 1000 })]
    const facts = failing(gone, 'ENOENT', { passes: [samplePass({ peers, modifiedMs: sampleNowMs - 1000 })] })
    const refused = { ok: true, value: { passes: false, exitCode: 1, says: ['duplicate default server'] } } as const
    const idle = { ...facts, nginx: { ...facts.nginx, configTest: refused } }
    expect(told(facts)).toEqual(['cause upstream-mismatch'])
    expect(told(idle)).toEqual([])
    const upstream = `fastcgi://${gone}:`
    const errors = [line({ kind: 'connect-missing', errno: 2, message: 'connect() failed', upstream })]
    expect(told({ ...idle, nginx: { ...idle.nginx, errors } })).toEqual(['cause upstream-mismatch'])
  })

  test('the only FPM there is, stopped and moved: both are said', () => {
    const pools = [samplePool({ listen: 'unix:/run/php/www.sock', workers: [] })]
    const facts = failing(gone, 'ENOENT', { fpm: [sampleDownFpm(stopped, { pools })] })
    const causes = diagnose(facts).findings.filter(({ role }) => role === 'cause')
    expect(causes.map(({ diagnosis }) => diagnosis)).toEqual(['fpm-stopped', 'upstream-mismatch'])
    const other = sampleFpm({ service: 'php7.3-fpm' })
    const beside = diagnose({ ...facts, fpm: [...facts.fpm, other] }).findings.filter(({ role }) => role === 'cause')
    expect(beside.map(({ diagnosis }) => diagnosis)).not.toContain('fpm-stopped')
  })

  test('FPM has not loaded what both files say: a reload is offered, if it would survive one', () => {
    const next = 'unix:/run/php/next.sock'
    const fpm = sampleFpm({ pools: [samplePool({ listen: next })] })
    const facts = failing(next, 'ENOENT', { fpm: [fpm] })
    expect(finding(facts)).toMatchObject({
      diagnosis: 'upstream-mismatch',
      says: expect.stringContaining('has not loaded it and still listens on /run/php/php8.2-fpm.sock'),
      remediations: [{ id: 'reload-fpm', input: { service: 'php8.2-fpm' } }],
    })
    const broken = { ok: true, value: { passes: false, exitCode: 78, says: ['unknown entry'] } } as const
    expect(finding(failing(next, 'ENOENT', { fpm: [{ ...fpm, configTest: broken }] }))).toMatchObject({
      remediations: [],
    })
  })

  test('a private /tmp is the same name for another file', () => {
    const fpm = sampleFpm({
      unit: sampleUnit({ privateTmp: true }),
      pools: [samplePool({ listen: 'unix:/tmp/php.sock' })],
      listensOn: ['unix:/tmp/php.sock'],
    })
    const facts = failing('unix:/tmp/php.sock', 'ENOENT', { fpm: [fpm], way: { seenBy: ['php8.2-fpm'] } })
    expect(told(facts)).toEqual(['cause upstream-mismatch'])
    expect(finding(facts)?.says).toContain('but php8.2-fpm has its own view of that folder (PrivateTmp=yes)')
  })

  test('a port of this host where nobody listens', () => {
    expect(told(failing('tcp:127.0.0.1:9000', 'ECONNREFUSED'))).toEqual(['cause upstream-mismatch'])
  })

  test('a port of another host is beyond what can be seen from here', () => {
    const away = sampleUnreached('tcp:10.0.0.7:9000', 'ECONNREFUSED', { isHere: false })
    expect(told(failing('tcp:10.0.0.7:9000', 'ECONNREFUSED', { upstreams: [away] }))).toEqual([])
  })

  test('where the service that is meant is down, that is the cause', () => {
    expect(told(failing(socket, 'ENOENT', { fpm: [sampleDownFpm(stopped)] }))).toEqual([])
  })

  test("Debian's link is gone with the version that crashed, which is the cause", () => {
    const crashed = { activeState: 'failed', subState: 'failed', result: 'signal', execMainCode: 2, execMainStatus: 9 }
    const facts = failing('unix:/run/php/php-fpm.sock', 'ENOENT', { fpm: [sampleDownFpm(crashed)] })
    expect(told(facts)).toEqual([])
    expect(diagnose(facts).findings).toMatchObject([{ diagnosis: 'fpm-crashed', role: 'cause' }])
    const off = sampleDownFpm({ ...stopped, unitFileState: 'disabled' })
    expect(told(failing('unix:/run/php/php-fpm.sock', 'ENOENT', { fpm: [off] }))).toEqual(['cause upstream-mismatch'])
  })

  test('a service that is down and whose configuration nobody can read may be the one', () => {
    const unread = sampleDownFpm(stopped, { config: { ok: false, why: 'failed', says: 'line 3' }, pools: [] })
    expect(told(failing(socket, 'ENOENT', { fpm: [unread] }))).toEqual([])
  })

  test('nginx was edited and not reloaded: a risk while visitors are served, and the host is not failing', () => {
    const passes = [samplePass({ peers: [samplePeer(gone, { modifiedMs: sampleNowMs - 1000 })] })]
    const facts = failing(gone, 'ENOENT', { passes, sites: [site(200, gone)] })
    expect(told(facts)).toEqual(['risk upstream-mismatch'])
    expect(diagnose(facts)).toMatchObject({ status: 'at-risk', couldNotTell: [] })
    expect(finding(facts)?.says).toMatch(/^After the next reload of nginx: shop\.example asks for PHP at /)
  })

  test('a front page that needs no PHP hides nothing: what nginx logs of that address tells that it is asked', () => {
    const passes = [samplePass({ peers: [samplePeer(gone, { modifiedMs: sampleNowMs - 1000 })] })]
    const errors = [line({ kind: 'connect-missing', upstream: `fastcgi://${gone}:` })]
    expect(told(failing(gone, 'ENOENT', { passes, errors, sites: [site(200, gone)] }))).toEqual([
      'cause upstream-mismatch',
    ])
  })

  test('nginx still asks the old address: mended on disk, not loaded', () => {
    const passes = [samplePass({ peers: [samplePeer(socket, { modifiedMs: sampleNowMs - 1000 })] })]
    const errors = [line({ kind: 'connect-missing', upstream: `fastcgi://${gone}:` })]
    const facts = sampleFacts({ sites: [site(502, socket, true)], passes, errors })
    expect(finding(facts)).toMatchObject({
      diagnosis: 'upstream-mismatch',
      remediations: [{ id: 'reload-nginx', input: {} }],
    })
    expect(told(sampleFacts({ sites: [site(502, socket, true)], passes: [samplePass()], errors }))).toEqual([])
  })

  test('old lines about an address that answers now are history', () => {
    const errors = [line({ kind: 'connect-missing', upstream: `fastcgi://${socket}:`, localTime: localTime(120) })]
    expect(diagnose(sampleFacts({ errors }))).toMatchObject({ status: 'healthy', findings: [] })
  })

  test('a visitor who writes an address into a header changes no word', () => {
    const forged = line({
      kind: 'connect-missing',
      upstream: 'fastcgi://unix:/evil.sock:',
      message: 'connect() failed',
    })
    const facts = failing(gone, 'ENOENT', { errors: [forged] })
    expect(JSON.stringify(diagnose(facts).findings)).not.toContain('evil')
  })

  test('an unused second version and a pool that no site asks are nothing', () => {
    const unused = sampleDownFpm(stopped, {
      service: 'php7.4-fpm',
      unit: sampleUnit({ service: 'php7.4-fpm', unitFileState: 'disabled', ...stopped }),
      pools: [samplePool({ subject: 'php7.4-fpm/www', listen: gone, workers: [] })],
    })
    const spare = samplePool({ name: 'spare', subject: 'php8.2-fpm/spare', listen: 'unix:/run/php/spare.sock' })
    const fpm = sampleFpm({ pools: [samplePool(), spare], listensOn: [socket, 'unix:/run/php/spare.sock'] })
    expect(diagnose(sampleFacts({ fpm: [fpm, unused] })).findings).toEqual([])
  })
})
