import { describe, expect, test } from 'vitest'
import { fakeLog, fakeReadHost, type Entry } from './fake-read-host.ts'
import { look } from './look.ts'
import { nginxText } from './sample-lines.ts'
import { sampleErrorLog, sampleLog, sampleSocket, sampleWebHost } from './sample-web-host.ts'
import { samplePoolFile, samplePoolText } from './sample-facts.ts'

const site = '/etc/nginx/sites-available/shop'
const server = (location: string, before = '') =>
  `server { listen 80; server_name shop.example; root /srv/shop; ${before} location ~ \\.php$ { ${location} } }`
const lookAt = (tree: Readonly<Record<string, Entry>>) =>
  look(fakeReadHost({ ...sampleWebHost, tree: { ...sampleWebHost.tree, ...tree } }))
const siteOf = async (tree: Readonly<Record<string, Entry>>) => {
  const { nginx } = await lookAt(tree)
  return nginx.sites.ok ? nginx.sites.value[0] : undefined
}
const pass = `fastcgi_pass unix:${sampleSocket};`

describe('a location that hands requests to PHP', () => {
  test('has what nginx itself would take where nothing is set', async () => {
    expect((await siteOf({ [site]: server(pass) }))?.phpLocations).toEqual([
      {
        at: '/etc/nginx/sites-enabled/shop:1',
        passes: [{ named: `unix:${sampleSocket}`, address: `unix:${sampleSocket}` }],
        connectTimeout: { text: '60s', at: null },
        sendTimeout: { text: '60s', at: null },
        readTimeout: { text: '60s', at: null },
        headerBuffer: { text: '4k', at: null },
        scriptFilename: null,
        scriptFolder: null,
        documentRoot: { path: '/srv/shop', hasScripts: false },
      },
    ])
  })

  test('has what holds at its place, with where it is set', async () => {
    const set = `\nfastcgi_read_timeout 5s;\nfastcgi_param SCRIPT_FILENAME /old$fastcgi_script_name;\nfastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n`
    const found = await siteOf({
      [site]: server(`${pass}${set}`, 'fastcgi_read_timeout 9s;\nfastcgi_buffer_size 16k;'),
      '/srv/shop': { is: 'directory' },
    })
    expect(found?.phpLocations).toMatchObject([
      {
        readTimeout: { text: '5s', at: '/etc/nginx/sites-enabled/shop:3' },
        headerBuffer: { text: '16k', at: '/etc/nginx/sites-enabled/shop:2' },
        scriptFilename: { text: '$document_root$fastcgi_script_name', at: '/etc/nginx/sites-enabled/shop:5' },
        scriptFolder: { path: '/srv/shop', exists: true },
      },
    ])
  })

  test('names an address as it is written, and knows where the link leads', async () => {
    const found = await siteOf({
      [site]: server('fastcgi_pass unix:/run/php/php-fpm.sock;'),
      '/run/php/php-fpm.sock': { link: sampleSocket },
    })
    expect(found?.phpLocations[0]?.passes).toEqual([
      { named: 'unix:/run/php/php-fpm.sock', address: `unix:${sampleSocket}` },
    ])
  })

  test.each([
    { script: '/srv/41$fastcgi_script_name', folder: { path: '/srv/41', exists: false, beside: [] } },
    { script: '$realpath_root$fastcgi_script_name', folder: { path: '/srv/shop', exists: false, beside: [] } },
    { script: '/srv/$host$fastcgi_script_name', folder: null },
    { script: '/srv/shop/index.php', folder: null },
  ])('SCRIPT_FILENAME $script leads below $folder', async ({ script, folder }) => {
    const found = await siteOf({ [site]: server(`${pass} fastcgi_param SCRIPT_FILENAME ${script};`) })
    expect(found?.phpLocations[0]?.scriptFolder).toEqual(folder)
  })
})

describe('the folders of a site', () => {
  test('one with a PHP file in it has scripts', async () => {
    const found = await siteOf({ [site]: server(pass), '/srv/shop/index.php': '<?php', '/srv/shop/a.css': '' })
    expect(found?.phpLocations[0]?.documentRoot).toEqual({ path: '/srv/shop', hasScripts: true })
  })

  test('what there is beside one that is gone', async () => {
    const found = await siteOf({
      [site]: server(`${pass} fastcgi_param SCRIPT_FILENAME /srv/releases/41$fastcgi_script_name;`),
      '/srv/releases/42/index.php': '<?php',
    })
    expect(found?.phpLocations[0]?.scriptFolder).toEqual({ path: '/srv/releases/41', exists: false, beside: ['42'] })
  })
})

describe('what visitors got', () => {
  const line = (at: string, status: number) => `10.0.0.9 - - [${at} +0000] "GET / HTTP/1.1" ${status} 5 "-" "curl"\n`
  const log = '/var/log/nginx/access.log'

  test('is counted for the last five minutes', async () => {
    const now = '21/Nov/2026:02:59:00'
    const found = await siteOf({
      [log]: line('21/Nov/2026:01:00:00', 500) + line(now, 200) + line(now, 200) + line(now, 404),
    })
    expect(found?.requests).toEqual({
      ok: true,
      value: {
        total: 3,
        byStatus: new Map([
          [200, 2],
          [404, 1],
        ]),
      },
    })
  })

  test('is not known from a format of its own, and nothing where there is no log yet', async () => {
    expect((await siteOf({ [log]: '{"status":500}\n{"status":500}\n' }))?.requests.ok).toBe(false)
    expect((await siteOf({}))?.requests).toEqual({ ok: true, value: { total: 0, byStatus: new Map() } })
  })
})

describe('a pool', () => {
  const poolWith = async (lines: string, tree: Readonly<Record<string, Entry>> = {}) =>
    (await lookAt({ [samplePoolFile]: `${samplePoolText}${lines}\n`, ...tree })).fpm[0]?.pools[0]

  test('names the folders its workers enter, within its chroot', async () => {
    const pool = await poolWith('chroot = /srv/jail\nchdir = /shop', { '/srv/jail': { is: 'directory' } })
    expect(pool?.workingFolders).toMatchObject([
      { directive: 'chroot', path: '/srv/jail', exists: true },
      { directive: 'chdir', path: '/srv/jail/shop', exists: false },
    ])
    expect((await poolWith(''))?.workingFolders).toEqual([])
  })

  test('has its slow log read only where it is on', async () => {
    const record =
      '\n[21-Nov-2026 02:59:00]  [pool www] pid 201\nscript_filename = /srv/x.php\n[0x00007f5f1] usleep() /srv/x.php:2\n'
    const tree = { '/var/log/www.slow.log': record }
    const on = await poolWith('slowlog = /var/log/$pool.slow.log\nrequest_slowlog_timeout = 1s', tree)
    expect(on?.slowLog).toMatchObject({ ok: true, value: { path: '/var/log/www.slow.log', records: [{ pid: 201 }] } })
    expect((await poolWith('slowlog = /var/log/$pool.slow.log', tree))?.slowLog).toMatchObject({
      ok: false,
      why: 'missing',
    })
  })
})

test('what the probes themselves came to is among the errors', async () => {
  const world = { ...sampleWebHost, tree: { ...sampleWebHost.tree, [sampleErrorLog]: '', [sampleLog]: '' } }
  const host = fakeReadHost(world)
  let isProbed = false
  const facts = await look({
    ...host,
    http: async (probe) => {
      const reply = await host.http(probe)
      isProbed = true
      return reply
    },
    withLog: async (path, use) => {
      // Written by nginx while the site was asked for its page.
      const says = 'upstream sent too big header while reading response header from upstream'
      return path === sampleErrorLog && isProbed
        ? { ok: true, value: await use(fakeLog(Buffer.from(nginxText({ secondsAgo: 0, says })))) }
        : host.withLog(path, use)
    },
  })
  expect(facts.nginx.errors).toMatchObject([{ kind: 'header-too-big' }])
})
