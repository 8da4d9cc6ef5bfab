/** What a fault is: how it is injected for real, how it shows, and the ground truth of what is wrong then. */
import type { Release } from '../../lab/tree-recipes.ts'
import type { AnyHost, Host } from './host-kit.ts'

/** What is to be found. */
export interface Truth {
  /** The name of its file. */
  readonly id: string
  /** What is broken, in a few words of a person. */
  readonly says: string
  /** Exactly these diagnoses are causes; none: nothing is broken now. */
  readonly causes: readonly string[]
  /** May be found besides, as consequences, risks or notes, beyond those of every host as shipped. */
  readonly besides?: readonly string[]
  /** Must be found besides: for risks, notes and consequences that a fault is there to prove. */
  readonly alsoFound?: readonly string[]
  /** What the sentence of a finding must tell, by diagnosis: names, addresses, who and when. */
  readonly tells?: Readonly<Record<string, RegExp>>
  /**
   * What mends it: of these a plan for its findings is made, and of no other. None: there is no safe way but `steps`, or
   * nothing to be done at all. Where nothing is broken yet, what its `alsoFound` suggest is planned, each by itself.
   */
  readonly remediations: readonly string[]
  /** What a person is told to do, for causes without a remediation. */
  readonly steps?: RegExp
  /** What cannot be known there, and is said: each of these, and nothing else. */
  readonly couldNotTell?: readonly RegExp[]
  /** Any page fails by it now and then, until it is mended: what fails until then is not lost by the mending. */
  readonly hitsEveryPage?: true
}

export interface Fault extends Truth {
  /** Words before the agent's command line that put it where it is to look; left out: on the host itself. */
  within?(host: AnyHost): readonly string[]
  /** Breaks the host. What it starts and must go on while the host is looked at, it returns. */
  inject(host: Host): Promise<AsyncDisposable | void>
  /** Waited for after the injection; left out: there is nothing to wait for. */
  shows?(host: Host): Promise<boolean>
  /** The request that has to be answered when all is mended; left out: a page of PHP. */
  readonly complaint?: Complaint
  /** Somebody did it on purpose: without `--start-stopped` a plan is refused, and this is how it says who or when. */
  readonly onPurpose?: RegExp
  /** Releases on which it can be injected; left out: Debian 12 alone. */
  readonly releases?: readonly Release[]
}

/** What does not work for visitors. */
export interface Complaint {
  readonly path: string
  /** The name of the site. */
  readonly site?: string
  /** How long the page works, at most; left out: it is over at once. */
  readonly worksMs?: number
}

export function defineFault(fault: Fault): Fault {
  return fault
}

/**
 * One that this machine's kernel cannot produce. It was injected on a virtual machine with a kernel that can, and the host
 * was recorded: `fixtures/hosts/ID`.
 */
export interface RecordedFault extends Truth {
  /** What enforces there; cgroups are of version 2 with both. */
  readonly kernel: 'selinux' | 'apparmor'
  within?(host: AnyHost): readonly string[]
  inject(host: AnyHost): Promise<AsyncDisposable | void>
  shows?(host: AnyHost): Promise<boolean>
}

export function defineRecordedFault(fault: RecordedFault): RecordedFault {
  return fault
}

/** Releases for faults that have nothing to do with a version. */
export const everyRelease: readonly Release[] = ['debian11', 'debian12', 'debian13']
