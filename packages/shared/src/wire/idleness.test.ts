import { expect, test } from 'vitest'
import { memoryLine } from '../../test/lines.ts'
import { manualTimers } from '../../test/manual-timers.ts'
import { peersOn } from '../../test/peers.ts'

const limits = { idleMs: 60_000, pingMs: Infinity, callMs: Infinity }

async function pair() {
  const line = await memoryLine()
  const timers = manualTimers()
  return {
    ...peersOn(line, { server: { limits, timers } }),
    timers,
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  }
}

test('a line on which nothing is asked is closed, and the other side is told why', async () => {
  await using at = await pair()
  await at.timers.pass(59_999)
  expect(at.caller.open).toBe(true)
  await at.timers.pass(1)
  await expect(at.caller.ended).resolves.toMatchObject({
    by: 'them',
    problem: { code: 'timed-out', detail: expect.stringContaining('Nothing was asked') },
  })
  expect(at.timers.set).toBe(0)
})

test('who asks now and then stays', async () => {
  await using at = await pair()
  for (let n = 0; n < 10; n++) {
    await at.timers.pass(50_000)
    await at.client.echo.query('here')
  }
  expect(at.server.open).toBe(true)
})

test('a call that takes longer is not idleness', async () => {
  await using at = await pair()
  const call = at.client.heldQuery.query('it').catch(() => 'cut')
  await at.trial.until('it began')
  await at.timers.pass(10 * 60_000)
  expect(at.server.open).toBe(true)
  at.caller.close()
  expect(await call).toBe('cut')
})
