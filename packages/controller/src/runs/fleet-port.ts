/**
 * What the driver needs of the fleet. Whoever implements it knows where agents are connected; the engine does not. An
 * answer is what a host said, or that it could not be asked; whether a command arrived is never guessed.
 */
import * as z from 'zod/mini'
import type {
  ApplyPhase,
  ApplyReport,
  Asked,
  Digest,
  HostId,
  PlanAnswer,
  Problem,
  RemoteAuthority,
  TimelineEntry,
} from '@fleetmend/shared'

/** The host was certainly not told anything. */
export const NotReached = z.strictObject({
  kind: z.literal('not-reached'),
  how: z.enum(['unreachable', 'timed-out']),
  says: z.string(),
})
export type NotReached = z.infer<typeof NotReached>

export type ApplyAnswer =
  | { readonly kind: 'reported'; readonly report: ApplyReport }
  /** Nothing was begun. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  | NotReached
  /** The command may have arrived: the connection broke, or the time was up, before there was an answer. */
  | { readonly kind: 'lost'; readonly says: string }

export type JournalAnswer =
  | { readonly kind: 'reported'; readonly report: ApplyReport }
  /** The host looked, and knows of no apply of this plan. */
  | { readonly kind: 'never-heard' }
  /** It was taken out of the fleet: nobody will hear of it again. */
  | { readonly kind: 'gone'; readonly says: string }
  | NotReached

/** Whether a host is there to be asked: gone, it was taken out of the fleet. */
export type Presence = 'here' | 'away' | 'gone'

/** Looked at again some time after its change: whether anything makes requests fail there. */
export type LookAnswer = { readonly kind: 'well' } | { readonly kind: 'unwell'; readonly says: string } | NotReached

export type OnProgress = (phase: ApplyPhase, entry: TimelineEntry) => void

export interface Fleet {
  plan(host: HostId, asked: Asked, signal: AbortSignal): Promise<PlanAnswer | NotReached>
  /** Told twice, a host applies once: it knows the digest, and answers with the report or that the plan was used. */
  apply(
    host: HostId,
    plan: Digest,
    authority: RemoteAuthority,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<ApplyAnswer>
  /** What the host's journal says of the apply of this plan, finished or not. */
  askApply(host: HostId, plan: Digest, signal: AbortSignal): Promise<JournalAnswer>
  presence(host: HostId): Promise<Presence>
  look(host: HostId, signal: AbortSignal): Promise<LookAnswer>
}
