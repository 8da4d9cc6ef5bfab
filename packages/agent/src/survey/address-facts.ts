/** What is known of the addresses at which nginx looks for PHP: who names them, what stands there, who answers. */
import type { FastCgiReply, FileFacts, SocketAddress } from '../host/host.ts'
import type { Account, AclEntry } from '../readings/acl.ts'

/** A place in a configuration, with when its file was last changed; null where that could not be read. */
export interface WrittenAt {
  readonly path: string
  readonly line: number
  readonly modifiedMs: number | null
}

/** One `fastcgi_pass` of a site, and what nginx makes of it. */
export interface PassFacts extends WrittenAt {
  /** The `server_name` its site is asked for by. */
  readonly site: string
  /** Its argument as written. */
  readonly target: string
  /** The name of the `upstream` block it leads to; null when it names an address itself. */
  readonly group: string | null
  /** Where it leads; nginx takes them in turn when they are several. None where only a request tells. */
  readonly peers: readonly PeerFacts[]
  /** Whether a `resolver` is set where it stands: names that come from variables are looked up with it. */
  readonly hasResolver: boolean
}

export interface PeerFacts extends WrittenAt {
  /** As written: `localhost:9000` is two peers. */
  readonly target: string
  /** With links followed: the address that `upstreams` is about. */
  readonly address: SocketAddress
  /** As nginx writes it into its log. */
  readonly logged: SocketAddress
  /** Marked `down`: nginx never connects to it. */
  readonly isDown: boolean
  readonly failTimeoutS: number
}

export interface UpstreamFacts {
  readonly address: SocketAddress
  /** What a request came to that was made just now as nginx's worker makes it. */
  readonly reply: FastCgiReply
  /** Who listens there, by the kernel's list; null when that list could not be read. */
  readonly holders: readonly HolderFacts[] | null
  /** Of a TCP address: whether it is one of this host; null for others and where that could not be read. */
  readonly isHere: boolean | null
  /** Of a unix socket that did not answer: the way there, as nginx's worker goes it. */
  readonly way: PathFacts | null
}

export interface HolderFacts {
  /** As `ss` shows it, e.g. `tcp:[::]:9000`. */
  readonly address: SocketAddress
  readonly pid: number
  readonly comm: string
  readonly title: string
}

export interface PathFacts {
  /** Every directory and the file itself, in the order the kernel walks them, links followed. */
  readonly steps: readonly StepFacts[]
  /** False where getfacl is not installed or failed: then modes are all that is known. */
  readonly hasReadAcls: boolean
  /** The first name that is not there; null when the walk arrived. */
  readonly missing: string | null
  /** Where it could not be walked to the end: what it met. */
  readonly stopped: string | null
  /** FPM services with a private view of the file system, in which the path does exist. */
  readonly seenBy: readonly string[]
}

/** Whom nginx's workers run as. */
export interface WorkerAccount extends Account {
  readonly user: string
  /** Names of all its groups. */
  readonly groupNames: readonly string[]
  /** Groups that `/etc/group` gives the user and that the running worker lacks: it started before. */
  readonly newGroups: readonly number[]
}

export interface StepFacts extends Pick<FileFacts, 'kind' | 'mode' | 'uid' | 'gid'> {
  readonly path: string
  /** Names of owner and group. */
  readonly owner: string
  readonly group: string
  readonly acl: readonly AclEntry[]
}
