import { expect, test } from 'vitest'
import { nginxSites } from '../readings/nginx-sites.ts'
import { main, nginxConfigOf } from '../readings/sample-nginx-file.ts'
import { fakeReadHost, type FakeWorld } from './fake-read-host.ts'
import { passFacts } from './pass-facts.ts'

async function passes(http: string, tree: FakeWorld['tree'] = {}) {
  const text = `events { }\nhttp { ${http} }\n`
  const config = nginxConfigOf(text)
  const host = fakeReadHost({ tree: { [main]: { text, modifiedMs: 7000 }, ...tree } })
  return passFacts(host, config, nginxSites(config))
}

const server = (pass: string, more = '') =>
  `server { server_name shop.example; ${more} location / { fastcgi_pass ${pass}; } }`

test('an address, with where it is written and since when', async () => {
  expect(
    await passes(server('unix:/var/run/php/php-fpm.sock'), { '/run/php/php-fpm.sock': { link: 'php8.2-fpm.sock' } }),
  ).toMatchObject([
    {
      ...{ site: 'shop.example', target: 'unix:/var/run/php/php-fpm.sock', group: null, hasResolver: false },
      ...{ path: main, line: 2, modifiedMs: 7000 },
      peers: [{ address: 'unix:/run/php/php8.2-fpm.sock', logged: 'unix:/run/php/php-fpm.sock', isDown: false }],
    },
  ])
})

test('a group, with every server', async () => {
  const group = 'upstream php { server 127.0.0.1:9000 fail_timeout=30s; server 10.0.0.2:9000 down; }'
  expect(await passes(`${group} ${server('php')}`)).toMatchObject([
    {
      group: 'php',
      peers: [
        { address: 'tcp:127.0.0.1:9000', target: '127.0.0.1:9000', isDown: false, failTimeoutS: 30 },
        { address: 'tcp:10.0.0.2:9000', isDown: true },
      ],
    },
  ])
})

test('localhost is as many servers as it has addresses here', async () => {
  const hosts = { '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n' }
  const ipv6 = { '/proc/net/if_inet6': 'fe800000000000009c61a1fffe971346 02 40 20 80    host0\n' }
  const peersOf = async (tree: FakeWorld['tree']) =>
    (await passes(server('localhost:9000'), tree)).flatMap(({ peers }) => peers.map(({ address }) => address))
  expect(await peersOf({ ...hosts, ...ipv6 })).toEqual(['tcp:127.0.0.1:9000', 'tcp:[::1]:9000'])
  expect(await peersOf(hosts)).toEqual(['tcp:127.0.0.1:9000'])
})

test('a variable leads where only a request tells; a resolver may stand further out', async () => {
  expect(await passes(server('$backend'))).toMatchObject([{ target: '$backend', peers: [], hasResolver: false }])
  expect(await passes(`resolver 10.0.0.53; ${server('$backend')}`)).toMatchObject([{ hasResolver: true }])
})
