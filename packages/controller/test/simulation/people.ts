/** People of a simulation: they approve, begin, pause, resume, promote and abort, now and then twice, and some are slow. */
import { hasEnded, manifestDigest, type Run } from '@fleetmend/shared'
import type { Deed, Driver } from '../../src/runs/driver.ts'
import { gateOf } from '../../src/runs/gates.ts'
import { approvalBy } from '../sample-run.ts'
import type { Chance } from './chance.ts'
import { signatureOf } from './simulated-hosts.ts'

/** What somebody would do with a run as it is now; null: nothing. Once it is late, nobody is in the way of its end. */
export function whatToDo(run: Run, chance: Chance, isLate: boolean): Deed | null {
  if (hasEnded(run.state)) return null
  if (!isLate && chance.is(0.01)) return { type: 'aborted', by: 'ana', reason: 'enough' }
  switch (run.state) {
    case 'awaiting-approval': {
      if (!run.manifest || (!isLate && chance.is(0.3))) return null
      if (chance.is(0.02)) return { type: 'denied', by: 'ben', reason: 'not now' }
      const digest = manifestDigest(run.manifest)
      const principal = chance.one(['ben', 'cho', 'dee'])
      return {
        type: 'approved',
        digest,
        approval: { ...approvalBy(principal), signature: signatureOf(principal, digest) },
      }
    }
    case 'approved':
      return chance.is(isLate ? 1 : 0.6) ? { type: 'apply-started', by: 'ana' } : null
    case 'applying':
      return !isLate && chance.is(0.05) ? { type: 'paused', by: 'ana', reason: 'looking' } : null
    case 'paused':
      return chance.is(isLate ? 1 : 0.3) ? { type: 'resumed', by: 'ana' } : null
    case 'holding': {
      const held = run.groups.filter((group) => gateOf(run, group) === 'held')
      const group = held.length > 0 ? chance.one(held).key : null
      return group !== null && chance.is(isLate ? 1 : 0.4) ? { type: 'promoted', by: 'ana', group } : null
    }
    default:
      return null
  }
}

export async function act(driver: Driver, run: Run, deed: Deed, chance: Chance): Promise<void> {
  const times = chance.is(0.05) ? 2 : 1
  await Promise.all(Array.from({ length: times }, () => driver.submit(run.id, deed)))
}
