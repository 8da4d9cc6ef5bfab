import { describe, expect, test } from 'vitest'
import { atoi } from './atoi.ts'
import { fpmBoolean, fpmInteger, fpmProcessManager, fpmSeconds, listenAddress } from './fpm-values.ts'

describe('a time', () => {
  test.each([
    ['10', 10],
    ['10s', 10],
    ['2m', 120],
    ['2h', 7200],
    ['1d', 86_400],
    ['500ms', 500],
    ['60 seconds', 60],
    ['1.5m', 60],
    ['abc5', 0],
    ['5s5', 5],
    ['5 s', 5],
    ['-5', -5],
    ['m', 0],
    ['0d', 0],
    ['99999999999', 1_215_752_191],
    ['99999999999999999999', -1],
    ['30S', null],
    ['10 min ', null],
    ['', null],
  ])('%j is %j seconds', (value, seconds) => {
    expect(fpmSeconds(value)).toBe(seconds)
  })
})

describe('an integer', () => {
  test.each([
    ['5', 5],
    ['007', 7],
    ['-3', -3],
    ['', 0],
    ['-', 0],
    ['99999999999', 1_215_752_191],
    ['99999999999999999999', -1],
    ['-99999999999999999999', 0],
    ['5k', null],
    ['1.5', null],
    ['+5', null],
    [' 5', null],
  ])('%j is %j', (value, integer) => {
    expect(fpmInteger(value)).toBe(integer)
  })
})

test.each([
  ['  12abc', 12],
  ['+7', 7],
  ['abc', 0],
  ['', 0],
  ['2147483648', -2_147_483_648],
])('atoi reads %j as %j', (text, int) => {
  expect(atoi(text)).toBe(int)
})

test.each([
  ['1', true],
  ['yes', true],
  ['on', true],
  ['', false],
  ['0', false],
  ['none', false],
  ['Yes', null],
  ['2', null],
])('the boolean %j is %j', (value, boolean) => {
  expect(fpmBoolean(value)).toBe(boolean)
})

test.each([
  ['Dynamic', 'dynamic'],
  ['STATIC', 'static'],
  ['ondemand', 'ondemand'],
  ['dynamik', null],
])('the process manager %j is %j', (value, manager) => {
  expect(fpmProcessManager(value)).toBe(manager)
})

describe('a listen address', () => {
  test.each([
    ['/run/php/www.sock', 'unix:/run/php/www.sock'],
    ['/run/php/$pool.sock', 'unix:/run/php/www.sock'],
    ['run/www.sock', 'unix:/usr/run/www.sock'],
    ['9000', 'tcp:[::]:9000'],
    ['*:9000', 'tcp:[::1]:9000'],
    ['127.0.0.1:9000', 'tcp:127.0.0.1:9000'],
    ['0.0.0.0:9000', 'tcp:0.0.0.0:9000'],
    ['localhost:9000', 'tcp:localhost:9000'],
    ['[::1]:9000', 'tcp:[::1]:9000'],
    ['::1:9000', 'tcp:[::1]:9000'],
    ['[127.0.0.1]:9000', 'tcp:127.0.0.1:9000'],
    ['127.0.0.1: 9000', 'tcp:127.0.0.1:9000'],
    ['unix:/run/php/www.sock', null],
    [':9000', null],
    ['127.0.0.1:0', null],
    ['127.0.0.1:', null],
    ['127.0.0.1:9000x', null],
    ['70000', null],
    ['', null],
  ])('%j is %j', (listen, address) => {
    expect(listenAddress(listen, 'www', '/usr')).toBe(address)
  })
})
