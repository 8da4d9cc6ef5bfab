import { expect, test } from 'vitest'
import { readListen } from './nginx-listen.ts'

test.each([
  { written: '80', gives: '0.0.0.0:80' },
  { written: '*:8080', gives: '0.0.0.0:8080' },
  { written: '*', gives: '0.0.0.0:80' },
  { written: '0.0.0.0:80', gives: '0.0.0.0:80' },
  { written: '127.0.0.1', gives: '127.0.0.1:80' },
  { written: '10.0.0.5:8080', gives: '10.0.0.5:8080' },
  { written: 'localhost:8080', gives: '127.0.0.1:8080' },
  { written: 'Web1.example:80', gives: 'web1.example:80' },
  { written: '8000-8010', gives: '0.0.0.0:8000' },
  { written: '127.0.0.1:8000-8010', gives: '127.0.0.1:8000' },
  { written: '[::]:80', gives: '[::]:80' },
  { written: '[::]', gives: '[::]:80' },
  { written: '[0:0::0:1]:443', gives: '[::1]:443' },
  { written: '[2001:DB8::5]:443', gives: '[2001:db8::5]:443' },
])('listen $written opens $gives', ({ written, gives }) => {
  const listen = readListen([written])
  expect(listen && `${listen.host}:${listen.port}`).toBe(gives)
})

test.each([
  '',
  'unix:/run/nginx.sock',
  'UNIX:/run/nginx.sock',
  '0',
  '65536',
  '127.0.0.1:',
  ':80',
  '[::',
  '[zz]:80',
  'http://a/',
])('listen %j opens nothing that TCP can reach', (written) => {
  expect(readListen([written])).toBeNull()
})

test.each([
  { options: [], is: { tls: false, isDefault: false, proxyProtocol: false } },
  { options: ['ssl', 'http2'], is: { tls: true } },
  { options: ['default_server', 'backlog=511'], is: { isDefault: true } },
  { options: ['default'], is: { isDefault: true } },
  { options: ['proxy_protocol'], is: { proxyProtocol: true } },
])('options $options are read', ({ options, is }) => {
  expect(readListen(['80', ...options])).toMatchObject(is)
})

test('QUIC is no TCP', () => {
  expect(readListen(['443', 'quic', 'reuseport'])).toBeNull()
})
