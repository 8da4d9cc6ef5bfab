import { describe, expect, test } from 'vitest'
import { loggedUpstreamAddress, upstreamAddresses } from './nginx-upstream-address.ts'

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
