import { describe, expect, test } from 'vitest'
import { filesOf, openCase } from './cases/nginx-config/open-case.ts'
import { readNginxConfig, type NginxConfig } from './nginx-config.ts'
import { effectiveDirectives } from './nginx-inheritance.ts'
import { nginxSites, type NginxSite } from './nginx-sites.ts'

const main = '/etc/nginx/nginx.conf'

function configOf(http: string): NginxConfig {
  const { read, glob } = filesOf({ 'nginx.conf': `error_log /main.log;\nevents { }\nhttp { ${http} }` })
  const reading = readNginxConfig(main, read, glob)
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}

const sitesOf = (http: string): readonly NginxSite[] => nginxSites(configOf(http))

/** A server whose only location hands everything to FPM. */
const php = (inside: string): string => `server { ${inside} location / { fastcgi_pass unix:/run/x.sock; } }`

test.each(['debian-12', 'tricky', 'lua', 'many-sites'])('the recorded tree %s has these sites', async (name) => {
  const { read, glob, golden } = openCase(name)
  const reading = readNginxConfig(main, read, glob)
  const sites = reading.ok ? nginxSites(reading.value) : []
  const shown = sites.map(({ directive, locations, passes, ...site }) => ({
    ...site,
    at: `${directive.path}:${directive.line}`,
    locations: locations.map(({ modifier, pattern, documentRoot }) => `${modifier} ${pattern}, root ${documentRoot}`),
    passes: passes.map(
      (pass) => `${pass.target} at ${pass.directive.path}:${pass.directive.line} → ${pass.addresses.join(' ')}`,
    ),
  }))
  await expect(`${JSON.stringify(shown, null, 2)}\n`).toMatchFileSnapshot(golden('sites.json'))
})

describe('where a site is probed', () => {
  test.each([
    {
      is: 'a wildcard address over the loopback',
      inside: 'listen 8080;',
      at: { address: '127.0.0.1', port: 8080, tls: false },
    },
    { is: 'without listen, at port 80', inside: '', at: { address: '127.0.0.1', port: 80, tls: false } },
    {
      is: 'an address of its own at that address',
      inside: 'listen 10.0.0.5;',
      at: { address: '10.0.0.5', port: 80, tls: false },
    },
    {
      is: 'the first address that TCP can reach',
      inside: 'listen unix:/run/s.sock; listen [::]:81;',
      at: { address: '[::1]', port: 81, tls: false },
    },
    {
      is: 'over TLS rather than plainly',
      inside: 'listen 80; listen 443 ssl;',
      at: { address: '127.0.0.1', port: 443, tls: true },
    },
    {
      is: 'over TLS with the old `ssl on`',
      inside: 'listen 443; ssl on;',
      at: { address: '127.0.0.1', port: 443, tls: true },
    },
    {
      is: 'not over QUIC',
      inside: 'listen 443 quic; listen 443 ssl;',
      at: { address: '127.0.0.1', port: 443, tls: true },
    },
    {
      is: 'not where the PROXY protocol is spoken',
      inside: 'listen 80 proxy_protocol; listen 81;',
      at: { address: '127.0.0.1', port: 81, tls: false },
    },
  ])('$is', ({ inside, at }) => {
    expect(sitesOf(php(`server_name a.example; ${inside}`))).toMatchObject([
      { serverName: 'a.example', listen: at, unreachable: null },
    ])
  })

  test('over TLS where another server has turned it on for their common socket', () => {
    const sites = sitesOf(
      `${php('listen 443; server_name a.example;')} server { listen 443 ssl; server_name b.example; }`,
    )
    expect(sites).toMatchObject([{ listen: { port: 443, tls: true } }])
  })

  test('beside a server that keeps 127.0.0.1 to itself', () => {
    const sites = sitesOf(`${php('listen 80; server_name a.example;')} server { listen 127.0.0.1:80; }`)
    expect(sites).toMatchObject([{ listen: { address: '127.0.0.2', port: 80 } }])
  })

  test.each([
    {
      is: 'it has unix sockets only',
      http: php('listen unix:/run/s.sock; server_name a.example;'),
      says: 'it listens on no TCP address',
    },
    {
      is: 'it wants the PROXY protocol',
      http: php('listen 80 proxy_protocol; server_name a.example;'),
      says: 'it expects the PROXY protocol from its clients',
    },
    {
      is: 'another server has its name',
      http: `server { listen 80; server_name a.example; } ${php('listen 80; server_name A.example;')}`,
      says: 'no host name leads to it: other server blocks come first, or its pattern could not be read',
    },
  ])('nowhere when $is, and that is said', ({ http, says }) => {
    expect(sitesOf(http)).toMatchObject([
      { serverName: expect.stringMatching(/^a\.example$/i), listen: null, unreachable: says },
    ])
  })

  test('nowhere when a made-up host name would choose the pool', () => {
    const [site] = sitesOf('server { server_name *.a.example; location / { fastcgi_pass unix:/run/$host.sock; } }')
    expect(site).toMatchObject({
      serverName: '*.a.example',
      listen: null,
      unreachable: 'where it sends a request depends on the host name, and no real one is known',
    })
  })

  test('a server without a name that is not the default one is reached by nobody', () => {
    const sites = sitesOf(`${php('listen 80;')} ${php('listen 80;')}`)
    expect(sites.map(({ serverName, unreachable }) => [serverName, unreachable === null])).toEqual([
      ['localhost', true],
      ['localhost', false],
    ])
  })
})

describe('where requests go', () => {
  test('upstream groups are found by name in any case, wherever they stand, without what is down', () => {
    const [site] = sitesOf(
      'server { location / { fastcgi_pass PHP; } } upstream php { server unix:/var/run/a.sock; server b.example:9000 down; server localhost:9000 backup; }',
    )
    expect(site?.passes).toMatchObject([
      { target: 'PHP', addresses: ['unix:/run/a.sock', 'tcp:127.0.0.1:9000', 'tcp:[::1]:9000'] },
    ])
  })

  test('a variable leads nowhere that could be known', () => {
    expect(sitesOf('server { location / { fastcgi_pass $where; } }')[0]?.passes).toMatchObject([
      { target: '$where', addresses: [] },
    ])
  })

  test('an `if` or `limit_except` may have a pass of its own', () => {
    const [site] = sitesOf(
      'server { location / { if ($a) { fastcgi_pass 127.0.0.1:1; } limit_except GET { fastcgi_pass 127.0.0.1:2; } } }',
    )
    expect(site?.passes.map(({ target }) => target)).toEqual(['127.0.0.1:1', '127.0.0.1:2'])
  })

  test('a server that hands nothing to FastCGI is no site', () => {
    expect(sitesOf('server { location / { proxy_pass http://127.0.0.1:3000; } }')).toEqual([])
  })

  test('a pass within a map is an entry of the map', () => {
    expect(sitesOf('map $a $b { fastcgi_pass x; server y; } server { location / { return 204; } }')).toEqual([])
  })
})

describe('what holds at a location', () => {
  test.each([
    { is: 'plain', location: '/x', gives: ['', '/x'] },
    { is: 'exact', location: '= /x', gives: ['=', '/x'] },
    { is: 'exact in one word', location: '=/x', gives: ['=', '/x'] },
    { is: 'a pattern', location: String.raw`~ \.php$`, gives: ['~', String.raw`\.php$`] },
    { is: 'a pattern in one word', location: String.raw`~*\.php$`, gives: ['~*', String.raw`\.php$`] },
    { is: 'a prefix before patterns', location: '^~ /x', gives: ['^~', '/x'] },
    { is: 'named', location: '@php', gives: ['@', 'php'] },
  ])('its pattern is told from how it is matched: $is', ({ location, gives }) => {
    const [site] = sitesOf(`server { location ${location} { fastcgi_pass 127.0.0.1:9000; } }`)
    expect(site?.locations.map(({ modifier, pattern }) => [modifier, pattern])).toEqual([gives])
  })

  test.each([
    { is: 'the nearest root', roots: ['/http', '/server', '/location'], gives: '/location' },
    { is: 'a root from further out', roots: ['/http', '', ''], gives: '/http' },
    { is: 'a relative one below the prefix', roots: ['', 'web', ''], gives: '/usr/share/nginx/web' },
    { is: 'html below the prefix when nothing is said', roots: ['', '', ''], gives: '/usr/share/nginx/html' },
    { is: 'none when it depends on the request', roots: ['/http', '/srv/$host', ''], gives: null },
  ])('its document root is $is', ({ roots, gives }) => {
    const [http, server, location] = roots.map((root) => (root === '' ? '' : `root ${root};`))
    const [site] = sitesOf(`${http} server { ${server} location / { ${location} fastcgi_pass 127.0.0.1:9000; } }`)
    expect(site?.locations[0]?.documentRoot).toBe(gives)
    expect(site?.documentRoots).toEqual(gives === null ? [] : [gives])
  })

  test.each([
    {
      is: 'those of the nearest level only',
      http: 'access_log /a; error_log /e;',
      location: 'access_log /b; access_log /c;',
      access: ['/b', '/c'],
      error: ['/e'],
    },
    {
      is: 'the main error log, and the one nginx was built with',
      http: '',
      location: '',
      access: ['/var/log/nginx/access.log'],
      error: ['/main.log'],
    },
    { is: 'none that is off', http: 'access_log /a;', location: 'access_log off;', access: [], error: ['/main.log'] },
    {
      is: 'a file called off, for errors',
      http: '',
      location: 'error_log off;',
      access: ['/var/log/nginx/access.log'],
      error: ['/usr/share/nginx/off'],
    },
    {
      is: 'only plain files',
      http: 'access_log syslog:server=10.0.0.1; access_log /var/log/$host.log; access_log /dev/stdout; access_log logs/a buffer=4k;',
      location: 'error_log stderr; error_log memory:32m debug; error_log /e crit;',
      access: ['/usr/share/nginx/logs/a'],
      error: ['/e'],
    },
  ])('its logs are $is', ({ http, location, access, error }) => {
    const [site] = sitesOf(`${http} server { location / { ${location} fastcgi_pass 127.0.0.1:9000; } }`)
    expect(site).toMatchObject({ accessLogs: access, errorLogs: error })
  })

  test('a scalar and a list are both taken whole from the nearest level that has any', () => {
    const [site] = sitesOf(`
      fastcgi_read_timeout 30s; fastcgi_param A http; fastcgi_param B http; fastcgi_send_timeout 10s;
      server { fastcgi_read_timeout 20s; location / { fastcgi_param A location; fastcgi_pass 127.0.0.1:9000; } }`)
    const levels = site?.locations[0]?.levels ?? []
    const args = (name: string) => effectiveDirectives(levels, name).map((directive) => directive.args.join(' '))
    expect(args('fastcgi_read_timeout')).toEqual(['20s'])
    expect(args('fastcgi_param')).toEqual(['A location'])
    expect(args('fastcgi_send_timeout')).toEqual(['10s'])
    expect(args('fastcgi_connect_timeout')).toEqual([])
  })
})
