import { expect, test } from 'vitest'
import type { FastCgiReply, HttpProbe, HttpReply } from '../host/host.ts'
import { fakeReadHost } from './fake-read-host.ts'
import { probeSites } from './probe-sites.ts'
import { sampleSite } from './sample-sites.ts'
import { answered } from './sample-web-host.ts'

const socket = 'unix:/run/php/php8.2-fpm.sock' as const
const { probes: _, ...shop } = sampleSite()
const blog = { ...shop, serverName: 'blog.example', listen: { address: '[::1]', port: 443, tls: true } }

test.each<{ reply: HttpReply; probe: object }>([
  {
    reply: { kind: 'answered', status: 200, tookMs: 2.4 },
    probe: { passed: true, status: 200, says: 'GET / → 200 in 2 ms', tookMs: 2.4 },
  },
  {
    reply: { kind: 'answered', status: 404, tookMs: 2 },
    probe: { passed: true, status: 404, says: 'GET / → 404 in 2 ms' },
  },
  { reply: { kind: 'answered', status: 499, tookMs: 2 }, probe: { passed: true, status: 499 } },
  { reply: { kind: 'answered', status: 500, tookMs: 2 }, probe: { passed: false, status: 500 } },
  {
    reply: { kind: 'answered', status: 502, tookMs: 12.6 },
    probe: { passed: false, status: 502, says: 'GET / → 502 in 13 ms' },
  },
  {
    reply: { kind: 'no-answer', says: 'connection refused', tookMs: 1 },
    probe: { passed: false, says: 'GET / got no answer: connection refused', tookMs: 1 },
  },
])('over HTTP, $reply makes $probe', async ({ reply, probe }) => {
  const [site] = await probeSites(fakeReadHost({ http: { '127.0.0.1:80': reply } }), [{ ...shop, upstreams: [] }], null)
  expect(site?.probes).toMatchObject([{ site: 'shop.example', over: 'http', ...probe }])
})

test.each<{ reply: FastCgiReply; probe: object }>([
  { reply: answered('File not found.\n', 404), probe: { passed: true, says: `FPM on ${socket} answers in 1 ms` } },
  { reply: answered('', 403), probe: { passed: true } },
  { reply: answered('', 503), probe: { passed: false } },
  {
    reply: { kind: 'cannot-connect', errno: 'EACCES', says: 'permission denied', tookMs: 0 },
    probe: { passed: false, errno: 'EACCES', says: `${socket}: permission denied` },
  },
  {
    reply: { kind: 'timed-out', connectMs: 0, tookMs: 5000.2 },
    probe: { passed: false, says: `${socket} took the connection but did not answer in 5000 ms` },
  },
  {
    reply: { kind: 'broken', says: 'it closed the connection', tookMs: 3 },
    probe: { passed: false, says: `${socket}: it closed the connection`, tookMs: 3 },
  },
])('over FastCGI, $reply.kind $reply.status makes $probe', async ({ reply, probe }) => {
  const [site] = await probeSites(fakeReadHost({ fastcgi: { [socket]: reply } }), [{ ...shop, listen: null }], null)
  expect(site?.probes).toMatchObject([{ site: 'shop.example', over: 'fastcgi', upstream: socket, ...probe }])
})

test.each([
  { paths: { 'shop.example': '/health.php' }, path: '/health.php' },
  { paths: { 'blog.example': '/health.php' }, path: '/' },
  { paths: {}, path: '/' },
])('with $paths shop.example is asked for $path', async ({ paths, path }) => {
  const asked: HttpProbe[] = []
  const host = fakeReadHost({ http: { '127.0.0.1:80': { kind: 'answered', status: 200, tookMs: 2 } } })
  const http = async (probe: HttpProbe) => {
    asked.push(probe)
    return host.http(probe)
  }
  const sites = [{ ...shop, upstreams: [] }]
  const [site] = await probeSites({ ...host, http }, sites, null, undefined, paths)
  expect(asked).toMatchObject([{ path }])
  expect(site?.probes).toMatchObject([{ says: `GET ${path} → 200 in 2 ms` }])
})

test('each site has its own probes: over HTTP first, then each of its upstreams', async () => {
  const host = fakeReadHost({
    http: {
      '127.0.0.1:80': { kind: 'answered', status: 502, tookMs: 1 },
      '[::1]:443': { kind: 'answered', status: 200, tookMs: 1 },
    },
    fastcgi: { 'tcp:127.0.0.1:9000': answered('', 404) },
  })
  const sites = [
    { ...shop, upstreams: [socket, 'tcp:127.0.0.1:9000' as const] },
    { ...blog, upstreams: [] },
  ]
  const probed = await probeSites(host, sites, null)
  expect(probed.map((site) => site.probes.map((probe) => [probe.site, probe.over, probe.passed]))).toEqual([
    [
      ['shop.example', 'http', false],
      ['shop.example', 'fastcgi', false],
      ['shop.example', 'fastcgi', true],
    ],
    [['blog.example', 'http', true]],
  ])
  expect(probed.map(({ probes: _probes, ...site }) => site)).toEqual(sites)
})

test('a site is asked for by its name, where it listens', async () => {
  const host = fakeReadHost()
  const asked: HttpProbe[] = []
  const http = (probe: HttpProbe) => {
    asked.push(probe)
    return host.http(probe)
  }
  await probeSites({ ...host, http }, [blog], null)
  expect(asked).toMatchObject([{ address: '[::1]', port: 443, tls: true, serverName: 'blog.example', path: '/' }])
})

test('an upstream of several sites is asked once, with a script that cannot exist', async () => {
  const host = fakeReadHost({ fastcgi: { [socket]: answered('', 404) } })
  const probed = await probeSites(host, [shop, blog, { ...shop, serverName: 'third.example' }], null)
  expect(host.fastcgiRequests).toMatchObject([
    { address: socket, params: { SCRIPT_FILENAME: '/nonexistent/fleetmend-probe.php', REQUEST_METHOD: 'GET' } },
  ])
  expect(probed.map((site) => site.probes.at(-1))).toMatchObject([
    { site: 'shop.example', passed: true },
    { site: 'blog.example', passed: true },
    { site: 'third.example', passed: true },
  ])
})

test.each([
  { who: 'a worker of nginx, where there is one', workerPid: 51, request: { asProcess: 51 } },
  { who: 'root, where none runs', workerPid: null, request: {} },
])('upstreams are asked as $who', async ({ workerPid, request }) => {
  const host = fakeReadHost()
  await probeSites(host, [shop], workerPid)
  expect(host.fastcgiRequests.map(({ asProcess }) => (asProcess === undefined ? {} : { asProcess }))).toEqual([request])
})

test('a site that no probe can reach has none', async () => {
  const host = fakeReadHost()
  const site = { ...shop, listen: null, unreachable: 'it listens on no TCP address', upstreams: [] }
  expect(await probeSites(host, [site], 51)).toEqual([{ ...site, probes: [] }])
  expect(host.fastcgiRequests).toEqual([])
})
