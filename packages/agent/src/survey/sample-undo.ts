/** For tests: an apply of the sample host that gave its pool more workers, and what is as it left it. */
import type { Change, FileState, Plan } from '@fleetmend/shared'
import { sampleNowMs, samplePoolFile, samplePoolText } from './sample-facts.ts'
import type { AppliedChange, AppliedFacts, UndoFacts } from './undo-facts.ts'

export const sampleApply = 'a-20261121-020000-9f3c'
export const sampleUndoneText = samplePoolText.replace('max_children = 5', 'max_children = 12')

const service = 'php8.2-fpm'
const state: FileState = { hmac: '', bytes: 1, mode: '0644', owner: 'root', group: 'root' }

export function sampleFileChange(path = samplePoolFile, made = false): Change {
  return { of: 'file', path, before: made ? null : state, after: state, diff: '' }
}

/** As it was left. */
export function sampleAppliedChange(changes: Partial<AppliedChange> = {}): AppliedChange {
  return {
    change: sampleFileChange(),
    now: 'after',
    says: '',
    changedBy: null,
    file: { named: samplePoolFile, before: samplePoolText, isLost: false, now: sampleUndoneText },
    ...changes,
  }
}

export function samplePlanApplied(changes: Partial<Plan> = {}): Plan {
  const at = new Date(sampleNowMs - 3_600_000).toISOString()
  return {
    format: 'fleetmend.plan/1',
    host: 'web-1',
    nonce: '0'.repeat(32),
    madeAt: at,
    expiresAt: at,
    remediations: [{ id: 'tune-pool', input: { pool: `${service}/www` }, because: '', arithmetic: [] }],
    clears: [],
    checks: [
      { when: 'planned', check: 'fpm-config', service },
      { when: 'live', check: 'fpm-config', service },
    ],
    changes: [],
    acts: [{ act: 'reload-fpm', service, deadlineMs: 30_000 }],
    disturbs: [],
    warnings: [],
    basis: { exact: [], guards: [] },
    watchMs: 0,
    ...changes,
  }
}

export function sampleApplied(changes: Partial<AppliedFacts> = {}): AppliedFacts {
  const applied = changes.changes ?? [sampleAppliedChange()]
  return {
    apply: sampleApply,
    run: null,
    startedAt: '2026-11-21T02:00:00.000Z',
    outcome: 'fixed',
    before: {
      probes: [],
      clears: [],
      services: [{ service, wasUp: true }],
      traffic: { requests: 0, serverErrors: 0 },
    },
    made: [],
    refusals: [],
    ...changes,
    changes: applied,
    plan: changes.plan ?? samplePlanApplied({ changes: applied.map(({ change }) => change) }),
  }
}

export function sampleUndo(changes: Partial<AppliedFacts> = {}): UndoFacts {
  return { known: true, value: sampleApplied(changes) }
}
