/**
 * Faults of the catalogue, each on a real host of its own: the cause is named, with evidence, and nothing wrong beside it.
 * As many as it takes to see every diagnosis and every remediation, with two causes at once, and every other one where
 * nothing is wrong; those that hold on several releases on another one each time. The score has all of them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import { remediations } from '../../packages/agent/src/remediations/registry.ts'
import { loadFaults } from './faults/catalogue.ts'
import type { Fault } from './faults/fault.ts'
import { scoreFault } from './faults/score-fault.ts'

const faults = await loadFaults()
/** One that is broken and needs nothing else, where there is one. */
function representative({ id }: { readonly id: string }): Fault | undefined {
  const candidates = faults.filter((fault) => fault.remediations.includes(id))
  return candidates.find((fault) => fault.causes.length > 0 && fault.remediations[0] === id) ?? candidates[0]
}
const mended = new Set(remediations.map(representative))
const named = new Set<string>()
/** The first that has something to be found which none before it had. */
function isNews({ causes, alsoFound = [] }: Fault): boolean {
  const news = [...causes, ...alsoFound].filter((id) => !named.has(id))
  for (const id of news) named.add(id)
  return news.length > 0
}
const healthy = faults.filter(({ causes, alsoFound = [] }) => causes.length + alsoFound.length === 0)
const healthyHere = new Set(healthy.filter((_, i) => i % 2 === 0))
const chosen = faults
  .toSorted((a, b) => Number(mended.has(b)) - Number(mended.has(a)))
  .filter((fault) => isNews(fault) || mended.has(fault) || healthyHere.has(fault) || fault.causes.length > 1)
const rows = chosen.map((fault, i) => {
  const { id, says, releases = ['debian12'] } = fault
  return { id, says, release: releases[i % releases.length] ?? 'debian12', repairs: mended.has(fault), fault }
})

describe.skipIf(await hostsAreImpossible())('a host that is really broken', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab()
  })
  afterAll(() => lab?.[Symbol.asyncDispose]())

  // Once more on another host before it counts: a machine that is busy with other hosts can stall one for seconds. The
  // score has no second try.
  test.concurrent.each(rows)('$id on $release: $says', { retry: 1 }, async ({ fault, release, repairs }) => {
    const { causeFound, nothingWrong, evidenced, complaints } = await scoreFault(lab, fault, release, { repairs })
    expect(complaints).toEqual([])
    expect([causeFound, nothingWrong, evidenced]).toEqual([true, true, true])
  })
})
