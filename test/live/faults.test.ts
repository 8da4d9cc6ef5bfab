/**
 * Every fault of the catalogue on a real host of its own: the cause is named, with evidence, and nothing wrong beside it.
 * On one release each, those that hold on several on another one each time; the score has all of them. For each remediation
 * one of them is mended, too.
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
const rows = faults.map((fault, i) => {
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
