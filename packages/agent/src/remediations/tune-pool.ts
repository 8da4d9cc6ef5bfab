/** Give a pool as many workers as it needs and memory holds, and show the arithmetic. */
import * as z from 'zod/mini'
import { sizePool } from '../judgement/pool-sizing.ts'
import { spareServers } from '../judgement/spare-servers.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { defineRemediation, type FileEdit } from './define.ts'
import { defaultDeadlineMs, findReloadable, reloadParts } from './reload-parts.ts'
import { findPoolIn, planOnly, poolInput } from './service-input.ts'

export const tunePool = defineRemediation({
  id: 'tune-pool',
  title: 'Size the pool',
  meaning:
    'Computes pm.max_children from what a worker costs at its peak, what all pools of the host can need together, the ' +
    'memory limits above them, and the demand seen; spare servers follow. The arithmetic is part of the plan. Refuses ' +
    'what memory cannot hold. Loads the new size with a reload that loses no request.',
  disturbs: 'New requests to all pools of the service wait until the slowest one in flight is done; none is lost.',
  undone: 'The lines are put back as they were and the service reloaded, which loses no request either.',
  clears: ['pool-exhausted'],
  byHand: 'Set `pm.max_children` (and the spare servers, consistently) in the pool file, then reload.',
  input: z.strictObject({
    pool: poolInput,
    reserveMiB: z.optional(
      z
        .int()
        .check(
          z.gte(64),
          z.lte(1_048_576),
          z.describe('Memory kept for everything that is not PHP, MiB. Default: 15 % of the host, at least 256.'),
        ),
    ),
    maxChildren: z.optional(
      z
        .int()
        .check(
          z.gte(1),
          z.lte(10_000),
          z.describe('This many workers instead of the computed number; memory must still hold them.'),
        ),
    ),
  }),

  draft(facts, { pool: subject, reserveMiB, maxChildren }) {
    const found = findPoolIn(facts, subject, findReloadable)
    if (!found.ok) return found.refused
    const { service, pool } = found.value
    const keptMiB = reserveMiB ?? defaultReserveMiB(facts)
    const sizing = sizePool(facts, {
      subject,
      reserveMiB: keptMiB,
      ...(maxChildren === undefined ? {} : { maxChildren }),
    })
    if (sizing.kind === 'refused') return sizing
    if (sizing.kind === 'enough') return { kind: 'nothing-to-do', because: sizing.because }
    const parts = reloadParts(facts, service, defaultDeadlineMs, true)
    return {
      kind: 'draft',
      because: sizing.because,
      arithmetic: sizing.arithmetic,
      edits: poolEdits(service.config.value, pool, sizing.to),
      clears: [{ diagnosis: 'pool-exhausted', subject: { kind: 'pool', name: subject } }],
      warnings: planOnly(service),
      ...parts,
      guards: [
        ...(sizing.needsMiB > 0
          ? [{ guard: 'memory-available', atLeastMiB: sizing.needsMiB + Math.floor(keptMiB / 2) } as const]
          : []),
        ...parts.guards,
      ],
    }
  },
})

function defaultReserveMiB(facts: HostFacts): number {
  return Math.max(256, Math.round((facts.memory?.totalMiB ?? 0) * 0.15))
}

/** All in one write: lowering max_children before the spares would be refused by FPM (`fpm_conf_process_all_pools`). */
function poolEdits(config: FpmConfig, pool: PoolFacts, to: number): readonly FileEdit[] {
  const spares = pool.processManager === 'dynamic' ? spareServers(to) : []
  return [['pm.max_children', to] as const, ...spares].map(([name, value]) => {
    const { path, splice } = setPoolDirective(config, pool.name, name, String(value))
    return { edit: 'splice', path, splices: [splice] }
  })
}
