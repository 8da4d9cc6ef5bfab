import { expect, test } from 'vitest'
import { fakeReadHost, denied, type FakeWorld } from './fake-read-host.ts'
import { look } from './look.ts'
import { sampleSocket, sampleWebHost, serverText, tcpListener, unixListener } from './sample-web-host.ts'

const config = '/etc/nginx/sites-available/shop'
const app = (target: string) =>
  `server { listen 80; server_name app.example; location / { proxy_pass ${target}; proxy_read_timeout 5s; } }\n`

async function proxiedOf(text: string, { tree = {}, answers = {} }: FakeWorld = {}) {
  const world = {
    ...sampleWebHost,
    tree: { ...sampleWebHost.tree, [config]: serverText('shop.example') + text, ...tree },
    answers: { ...sampleWebHost.answers, ...answers },
  }
  return (await look(fakeReadHost(world))).nginx.proxied
}
const listening = async (target: string, answers: FakeWorld['answers'] = {}) =>
  (await proxiedOf(app(target), { answers: { ...sampleWebHost.answers, ...answers } }))[0]?.passes[0]?.backends

test('a server that hands everything on is known by its name, and asked for its page', async () => {
  expect(await proxiedOf(app('http://127.0.0.1:8000/'))).toMatchObject([
    {
      serverName: 'app.example',
      passes: [
        {
          target: 'http://127.0.0.1:8000/',
          readTimeout: { text: '5s', at: '/etc/nginx/sites-enabled/shop:2' },
          backends: [{ address: 'tcp:127.0.0.1:8000', listening: false, waiting: [] }],
        },
      ],
      probes: [{ site: 'app.example', over: 'http', status: 200 }],
    },
  ])
})

test('a server of PHP that also hands requests on is asked once', async () => {
  const both = `server { listen 80; server_name both.example; location / { proxy_pass http://127.0.0.1:8000; } location ~ \\.php$ { fastcgi_pass unix:${sampleSocket}; } }`
  expect(await proxiedOf(both)).toMatchObject([{ serverName: 'both.example', probes: [] }])
})

test.each([
  { target: 'http://127.0.0.1:8000', listens: '127.0.0.1:8000', is: true },
  { target: 'http://127.0.0.1:8000', listens: '0.0.0.0:8000', is: true },
  { target: 'http://127.0.0.1:8000', listens: '*:8000', is: true },
  { target: 'http://[::1]:8000', listens: '[::]:8000', is: true },
  { target: 'http://[::1]:8000', listens: '0.0.0.0:8000', is: false },
  { target: 'http://127.0.0.1:8000', listens: '127.0.0.1:80', is: false },
  { target: 'http://10.0.0.7:8000', listens: '127.0.0.1:8000', is: null },
])('$target while $listens listens: $is', async ({ target, listens, is }) => {
  expect(await listening(target, { listeners: tcpListener(listens) })).toMatchObject([{ listening: is }])
})

test('a unix socket, with what waits at it', async () => {
  const listeners = unixListener(sampleSocket) + unixListener('/run/app.sock', 3)
  expect(await listening('http://unix:/run/app.sock:/x', { listeners })).toEqual([
    { address: 'unix:/run/app.sock', listening: true, waiting: [3, 3, 3, 3, 3] },
  ])
})

test('where the listeners could not be read, none of it is claimed', async () => {
  expect(await listening('http://127.0.0.1:8000', { listeners: denied })).toMatchObject([{ listening: null }])
})

test('one that no request from here can reach is said to be so', async () => {
  const text = app('http://127.0.0.1:8000').replace('listen 80', 'listen 80 proxy_protocol')
  const world = { ...sampleWebHost, tree: { ...sampleWebHost.tree, [config]: text } }
  expect((await look(fakeReadHost(world))).couldNotTell).toEqual([
    { what: 'whether app.example answers through nginx', why: 'it expects the PROXY protocol from its clients' },
  ])
})
