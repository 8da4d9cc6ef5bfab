/** A plan that the brakes of this host hold back: told to whoever asks, with until when and who can lift it. */
import { problem, type AuthoritySummary, type Plan, type Problem } from '@fleetmend/shared'
import { bindsRoot, brakesOn, type Brake, type HostLimits } from '../judgement/brakes.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { pastApplies } from './past-applies.ts'

/** Null: nothing does. */
export async function heldBack(
  state: StateFolder,
  limits: HostLimits,
  plan: Plan,
  nowMs: number,
  allowedBy: AuthoritySummary,
): Promise<Problem | null> {
  const all = brakesOn(plan, limits, await pastApplies(state, nowMs), nowMs)
  const brakes = allowedBy.kind === 'local-root' ? all.filter(bindsRoot) : all
  if (brakes.length === 0) return null
  const lines = brakes.map((brake) => `${brake.says}\n${brakeEnds(brake, limits.zone, nowMs)}`)
  const rest = 'Nothing was changed. A rollback is never held back.'
  // Waiting does not help where the plan itself is not wanted.
  const code = brakes.some(({ brake }) => brake === 'remediation') ? 'not-allowed' : 'braked'
  return problem(code, ['Cannot apply now.', ...lines, rest].join('\n\n'))
}

/** Until when it holds, and who could lift it before. */
export function brakeEnds({ untilMs, lift }: Brake, zone: string, nowMs: number): string {
  const who = `root on this host can ${lift}`
  return untilMs === null
    ? `It holds until somebody lifts it: ${who}.`
    : `It holds until ${instantWords(untilMs, zone, nowMs)}; before that, ${who}.`
}

/** For those who are elsewhere, and on the clock of the host, and how long that is. */
export function instantWords(atMs: number, zone: string, nowMs: number): string {
  // Rounded up: whoever comes back then must not come too early.
  const at = Temporal.Instant.fromEpochMilliseconds(Math.ceil(atMs / 1000) * 1000)
  const there = at.toZonedDateTimeISO(zone)
  const local =
    zone === 'UTC'
      ? ''
      : `${there.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')} in ${zone}, `
  return `${at.toString()} (${local}in ${durationWords(at.epochMilliseconds - nowMs)})`
}

function durationWords(ms: number): string {
  const minutes = Math.ceil(ms / 60_000)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
