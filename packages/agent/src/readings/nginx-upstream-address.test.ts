import { describe, expect, test } from 'vitest'
import { isLoggedAs, loggedUpstreamAddress, proxyAddresses, upstreamAddresses } from './nginx-upstream-address.ts'

describe('fastcgi_pass', () => {
  test.each([
    { target: 'unix:/run/php/x.sock', gives: ['unix:/run/php/x.sock'] },
    { target: 'UNIX:/run/php/x.sock', gives: ['unix:/run/php/x.sock'] },
    { target: 'unix:/var/run/php/x.sock', gives: ['unix:/run/php/x.sock'] },
    { target: 'unix:/var/runner/x.sock', gives: ['unix:/var/runner/x.sock'] },
    { target: 'unix://run//php/./x.sock', gives: ['unix:/run/php/x.sock'] },
    { target: 'unix:run/x.sock', gives: ['unix:/run/x.sock'] },
    { target: '127.0.0.1:9000', gives: ['tcp:127.0.0.1:9000'] },
    { target: '[::1]:9000', gives: ['tcp:[::1]:9000'] },
    { target: '[0:0::1]:9000', gives: ['tcp:[::1]:9000'] },
    { target: 'localhost:9000', gives: ['tcp:127.0.0.1:9000', 'tcp:[::1]:9000'] },
    { target: 'FPM.example:9000', gives: ['tcp:fpm.example:9000'] },
  ])('$target leads to $gives', ({ target, gives }) => {
    expect(upstreamAddresses(target)).toEqual(gives)
  })

  test('a colon at the end of a path is part of the path: nginx 1.22 connects to `x.sock:`', () => {
    expect(upstreamAddresses('unix:/run/x.sock:')).toEqual(['unix:/run/x.sock:'])
  })

  test.each([
    '$socket',
    'unix:/run/$host.sock',
    'unix:',
    '127.0.0.1',
    'php',
    '127.0.0.1:0',
    '127.0.0.1:99999',
    '/run/x.sock',
    '[zz]:1',
    'a:b:1',
    '',
  ])('%j leads nowhere', (target) => {
    expect(upstreamAddresses(target)).toEqual([])
  })

  test('a server of an upstream group has port 80 when it names none', () => {
    expect(upstreamAddresses('127.0.0.1', 80)).toEqual(['tcp:127.0.0.1:80'])
    expect(upstreamAddresses('127.0.0.1:9000', 80)).toEqual(['tcp:127.0.0.1:9000'])
  })
})

describe('the upstream field of an error line', () => {
  test.each([
    { field: 'fastcgi://unix:/run/php/x.sock:', gives: 'unix:/run/php/x.sock' },
    { field: 'fastcgi://unix:/run/php/x.sock', gives: 'unix:/run/php/x.sock' },
    { field: 'fastcgi://unix:/run/php/x.sock::', gives: 'unix:/run/php/x.sock:' },
    { field: 'fastcgi://127.0.0.1:9000', gives: 'tcp:127.0.0.1:9000' },
    { field: 'fastcgi://[::1]:9000', gives: 'tcp:[::1]:9000' },
    { field: 'fastcgi://php', gives: null },
  ])('$field is $gives', ({ field, gives }) => {
    expect(loggedUpstreamAddress(field)).toBe(gives)
  })
})

describe('a proxy_pass', () => {
  const groups = new Map([['app', ['tcp:10.0.0.1:80', 'tcp:10.0.0.2:80'] as const]])
  test.each([
    { to: 'http://127.0.0.1:8000', gives: ['tcp:127.0.0.1:8000'] },
    { to: 'http://127.0.0.1:8000/api/', gives: ['tcp:127.0.0.1:8000'] },
    { to: 'http://127.0.0.1', gives: ['tcp:127.0.0.1:80'] },
    { to: 'https://10.0.0.7/', gives: ['tcp:10.0.0.7:443'] },
    { to: 'http://App/x', gives: ['tcp:10.0.0.1:80', 'tcp:10.0.0.2:80'] },
    { to: 'http://unix:/var/run/app.sock:/x', gives: ['unix:/run/app.sock'] },
    { to: 'http://unix:/run/app.sock', gives: ['unix:/run/app.sock'] },
    { to: 'http://$host:8000', gives: [] },
    { to: '127.0.0.1:8000', gives: [] },
  ])('$to leads to $gives', ({ to, gives }) => {
    expect(proxyAddresses(to, groups)).toEqual(gives)
  })
})

test.each([
  { field: 'http://127.0.0.1:8000/shop?a=b', address: 'tcp:127.0.0.1:8000', is: true },
  { field: 'http://127.0.0.1:8000', address: 'tcp:127.0.0.1:8000', is: true },
  { field: 'http://127.0.0.1:8000/', address: 'tcp:127.0.0.1:80', is: false },
  { field: 'http://unix:/run/app.sock:/shop', address: 'unix:/run/app.sock', is: true },
  { field: 'http://unix:/var/run/app.sock/shop', address: 'unix:/run/app.sock', is: true },
  { field: 'http://10.0.0.1:80/http://127.0.0.1:8000/', address: 'tcp:127.0.0.1:8000', is: false },
] as const)('$field names $address: $is', ({ field, address, is }) => {
  expect(isLoggedAs(field, address)).toBe(is)
})
