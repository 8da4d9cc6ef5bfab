/** What an answer about an apply makes of a host in its run. Pure. */
import type { ApplyReport, Problem, RunHost } from '@fleetmend/shared'

/** The part of a host that an outcome decides. */
export type HostEnd = Pick<RunHost, 'state' | 'says'> & Partial<Pick<RunHost, 'code' | 'apply' | 'probesPass'>>

/** Null while the apply has no outcome. */
export function endFromReport({ apply, outcome, verdict, problem }: ApplyReport): HostEnd | null {
  if (outcome === null) return null
  if (outcome === 'refused' && problem) return { ...endFromProblem(problem), apply }
  const probes = verdict?.probesAfter ?? []
  return {
    state: outcome,
    says: problem?.detail ?? verdict?.says ?? null,
    code: problem?.code ?? null,
    apply,
    probesPass: probes.length > 0 && probes.every((probe) => probe.passed),
  }
}

/** The host did nothing. That it changed since it was planned is nobody's failure, and the others stay approved. */
export function endFromProblem(problem: Problem): HostEnd {
  return { state: problem.code === 'plan-is-stale' ? 'stale' : 'refused', says: problem.detail, code: problem.code }
}

/**
 * A host that says its plan was used, or, when asked again, that an apply is running, may well be talking about this very
 * run: the command arrived although its answer did not. Its journal knows.
 */
export function mayBeOurs(problem: Problem, attempts: number): boolean {
  return problem.code === 'plan-used' || (problem.code === 'apply-in-progress' && attempts > 0)
}
