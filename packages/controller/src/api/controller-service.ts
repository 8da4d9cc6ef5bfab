/** What the API offers, as one list of questions and deeds; `serve-controller` puts the rooms of the controller behind it. */
import type {
  AddedHost,
  Approver,
  Digest,
  HostDiagnosis,
  HostId,
  HostRecordView,
  Labels,
  OfferedRemediation,
  Problem,
  Run,
  RunId,
  RunNews,
  RunStoryEvent,
  RunView,
  SignedGrant,
  Spoken,
} from '@fleetmend/shared'
import type { AddRequest } from '../fleet/add-over-ssh.ts'
import type { Deed, StartRequest } from '../runs/driver.ts'
import type { Name, NamesAsked } from './names.ts'

/** Hosts by name or by label selector; neither: the whole fleet. Both at once is a mistake that is refused. */
export interface Target {
  readonly hosts?: readonly string[]
  readonly selector?: string
}

export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem }

export interface Invited {
  /** To be pasted into `fleetmend-agent enrol`; shown once. */
  readonly token: string
  readonly expiresAt: string
}

/** A remediation that some connected host offers, with how many do. */
export interface Offered extends OfferedRemediation {
  readonly hosts: number
}

/** What needs no signature, because it can begin nothing that nobody signed. */
export type UnsignedDeed = Exclude<Deed, { type: 'approved' | 'request-signed' | 'glass-broken' | 'grant-presented' }>

/** How long from now on, where a run has instants. */
export interface TermsAsked {
  readonly windows?: NonNullable<Run['terms']['windows']>
  readonly deadlineMs?: number
  readonly awaitHostsMs?: number
}

export interface RunRequest extends Pick<StartRequest, 'by' | 'reason' | 'asked' | 'waves' | 'limits'> {
  readonly terms?: TermsAsked
  /** Made by whoever asks: the same request with it again is answered with the run that the first one began. */
  readonly key?: string
}

/** What is left out is as in the run that is rolled back. */
export interface RollbackRequest {
  readonly by: string
  /** Among the hosts that it changed; neither: all of them. */
  readonly target: Target
  readonly reason?: string
  readonly watchMs?: number
  readonly waves?: Partial<Run['waves']>
  readonly limits?: Partial<Run['limits']>
  readonly terms?: TermsAsked
  readonly key?: string
}

export interface ControllerService {
  hello(): { readonly version: string; readonly fleet: string; readonly spoken: Spoken; readonly agentsUrl: string }
  /** For somebody who is typing one. */
  names(asked: NamesAsked): Promise<readonly Name[]>
  listHosts(target: Target): Promise<Answer<readonly HostRecordView[]>>
  invite(request: {
    readonly by: string
    readonly labels: Labels
    readonly host: HostId | null
    readonly lifeMs: number
  }): Promise<Answer<Invited>>
  /** One that is reached over SSH, once a person has compared its key. */
  addHost(request: AddRequest): Promise<Answer<AddedHost>>
  /** What such a host has to be given first. */
  sshAccess(): Promise<Answer<{ readonly publicKey: string; readonly fleet: string }>>
  /** Its certificate lets it in no more, and its connection is cut. */
  removeHost(host: HostId, by: string): Promise<Answer<null>>
  /** Of these hosts; left out: of all that are connected. */
  catalogue(hosts?: ReadonlySet<string>): Promise<readonly Offered[]>
  /** The page of a diagnosis, Markdown, from an agent that knows it. */
  explain(diagnosis: string): Promise<Answer<string>>
  /** Each host's answer as it arrives, the hosts that did not answer among them. */
  diagnose(target: Target, site: string | undefined, signal: AbortSignal): AsyncGenerator<HostDiagnosis, Problem | null>
  startRun(target: Target, request: RunRequest): Promise<Answer<Run>>
  retryRun(run: RunId, by: string, key?: string): Promise<Answer<Run>>
  rollBackRun(run: RunId, request: RollbackRequest): Promise<Answer<Run>>
  showRun(run: RunId): Promise<Answer<RunView>>
  /** All that is on record of it, in order. */
  storyOf(run: RunId): Promise<Answer<readonly RunStoryEvent[]>>
  /** Newest first. */
  listRuns(limit: number): Promise<readonly Run[]>
  /**
   * News of a run, from the event after `from` on (0: from its beginning), or how it stands now and what happens from there:
   * what is recorded, then what happens. Progress of hosts at work is told only while it happens and has no number. Ends
   * when the run has ended.
   */
  watchRun(
    run: RunId,
    from: number | 'now',
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly number: number | null; readonly news: RunNews }, Problem | null>
  /** The lines of its list that count. */
  approvers(): Promise<Answer<readonly Approver[]>>
  /** What is signed is checked here before it is recorded, and again by every host. */
  approve(run: RunId, digest: Digest, signature: string): Promise<Answer<Run>>
  signRequest(run: RunId, digest: Digest, signature: string): Promise<Answer<Run>>
  breakGlass(
    run: RunId,
    digest: Digest,
    signed: { readonly reason: string; readonly signature: string },
  ): Promise<Answer<Run>>
  presentGrant(run: RunId, presented: { readonly by: string; readonly grant: SignedGrant }): Promise<Answer<Run>>
  /** Everything else that a person can do to a run. */
  submit(run: RunId, deed: UnsignedDeed): Promise<Answer<Run>>
}
