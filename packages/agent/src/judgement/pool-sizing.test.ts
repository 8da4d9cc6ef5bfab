import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sampleFacts, sampleFpm, samplePool, sampleWorkers } from '../survey/sample-facts.ts'
import { peakMarginalMiB, sizePool } from './pool-sizing.ts'

/** A pool of five, all busy, with so many waiting. */
function busy(
  waiting: number,
  { peakMiB = 40, availableMiB = 5000, others = [] as ReturnType<typeof samplePool>[] } = {},
) {
  const queue = { ok: true, value: { waiting: Array.from({ length: 5 }, () => waiting), limit: 4096 } } as const
  const pool = samplePool({ workers: sampleWorkers(5, peakMiB), queue })
  return sampleFacts({
    fpm: [sampleFpm({ pools: [pool, ...others] })],
    memory: { totalMiB: 8000, availableMiB, cgroupLimitMiB: new Map() },
  })
}
const wish = { subject: 'php8.2-fpm/www', reserveMiB: 512 }

describe('demand', () => {
  test('busy and waiting, with headroom, from the size series', () => {
    expect(sizePool(busy(1), wish)).toMatchObject({ kind: 'sized', to: 8 })
  })

  test('is trusted up to twice the present without a recorded history', () => {
    expect(sizePool(busy(300), wish)).toMatchObject({ kind: 'sized', to: 10 })
  })

  const hours = (spanHours: number, demandP95: number, peakP95MiB = 40) =>
    new Map([
      ['php8.2-fpm/www', { samples: spanHours * 60, spanHours, demandP95, demandMost: demandP95 + 9, peakP95MiB }],
    ])

  test('is trusted beyond that with a day of history, and the 95th percentile of it counts', () => {
    expect(sizePool({ ...busy(40), history: hours(48, 20) }, wish)).toMatchObject({ kind: 'sized', to: 64 })
    expect(sizePool({ ...busy(1), history: hours(48, 30) }, wish)).toMatchObject({ kind: 'sized', to: 40 })
  })

  test('a short history says so, and is not trusted', () => {
    const sizing = sizePool({ ...busy(40), history: hours(3, 30) }, wish)
    expect(sizing).toMatchObject({ kind: 'sized', to: 10 })
    expect(sizing.kind === 'sized' && sizing.arithmetic.join('\n')).toContain('only 180 samples over 3.0 hours')
  })

  test('a recorded peak counts when the worker that had it is gone', () => {
    const sizing = sizePool({ ...busy(40), history: hours(48, 30, 300) }, wish)
    expect(sizing.kind === 'sized' && sizing.arithmetic.join('\n')).toContain('one worker at its peak: 300 MiB')
  })

  test('an idle pool has enough', () => {
    expect(sizePool(sampleFacts(), wish)).toMatchObject({ kind: 'enough' })
  })
})

describe('memory', () => {
  test('a worker costs its peak less what all share, not what it holds while idle', () => {
    expect(peakMarginalMiB(samplePool({ workers: sampleWorkers(5, 109) }))).toBe(109)
  })

  test('is a wall: what does not fit is refused, with the numbers', () => {
    const sizing = sizePool(busy(3, { peakMiB: 300, availableMiB: 1500 }), wish)
    expect(sizing).toMatchObject({ kind: 'refused' })
    expect(sizing.kind === 'refused' && sizing.because).toMatch(/memory holds only 3 at 300 MiB each/)
  })

  test('other pools of the host count at their own peaks', () => {
    const other = samplePool({ name: 'api', subject: 'php8.2-fpm/api', maxChildren: 50, workers: sampleWorkers(5, 90) })
    expect(sizePool(busy(3, { others: [other] }), wish)).toMatchObject({ kind: 'refused' })
  })

  test('the tightest cgroup above the service counts, not only the host', () => {
    const facts = busy(3, { peakMiB: 60 })
    const limit = { limitMiB: 1000, usedMiB: 400, path: '/sys/fs/cgroup/system.slice' }
    const limited = { ...facts, memory: { ...facts.memory!, cgroupLimitMiB: new Map([['php8.2-fpm', limit]]) } }
    expect(sizePool(limited, { ...wish, reserveMiB: 256 })).toMatchObject({ kind: 'refused' })
  })

  test('without the memory of any worker there is no guess', () => {
    expect(sizePool(sampleFacts({ fpm: [sampleFpm({ pools: [samplePool({ workers: [] })] })] }), wish)).toMatchObject({
      kind: 'refused',
    })
  })
})

test('a number that a person names still has to fit', () => {
  expect(sizePool(busy(3), { ...wish, maxChildren: 37 })).toMatchObject({ kind: 'sized', to: 37 })
  expect(sizePool(busy(3), { ...wish, maxChildren: 500 })).toMatchObject({ kind: 'refused' })
})

test('the answer carries its arithmetic', () => {
  const sizing = sizePool(busy(3), wish)
  expect(sizing.kind === 'sized' && sizing.arithmetic.join('\n')).toMatchInlineSnapshot(`
    "host: 5000 MiB available + 50 MiB that FPM uses now = 5050 MiB
    − reserve 512 − shared once (master, opcache) 27 − other pools at their peaks 0 = 4511 MiB
    one worker at its peak: 40 MiB (95th percentile of VmHWM less shared pages, 5 workers)
    memory holds 112 workers
    demand now: 5 busy + 3 waiting, × 1.3 → 12
    at most doubled, because no history of demand is recorded here yet: 10
    → min(demand 12, doubled 10, memory 112), rounded down to the size series: 10"
  `)
})

test('whatever the numbers, what is proposed fits into memory together with the reserve', () => {
  const number = (max: number) => fc.integer({ min: 0, max })
  fc.assert(
    fc.property(number(500), number(400), number(9000), number(2000), (waiting, peakMiB, availableMiB, reserveMiB) => {
      const facts = busy(waiting, { peakMiB, availableMiB })
      const sizing = sizePool(facts, { ...wish, reserveMiB })
      if (sizing.kind !== 'sized') return
      const workerMiB = peakMarginalMiB(facts.fpm[0]!.pools[0]!)!
      expect(sizing.to * workerMiB + reserveMiB).toBeLessThanOrEqual(availableMiB + 50)
      expect(sizing.to).toBeLessThanOrEqual(10)
    }),
  )
})
