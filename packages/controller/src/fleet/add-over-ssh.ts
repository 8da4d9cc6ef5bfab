/**
 * A new member that is reached over SSH: a person has compared its key, its account is bound to its agent, its agent calls
 * itself by this name and of this fleet; and only then it is one. Both of its keys are pinned from then on.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  isSigned,
  keyDigest,
  problem,
  safeLine,
  type AddedHost,
  type Hello,
  type HostId,
  type Labels,
  type PinnedSshPlace,
  type Problem,
  type ProblemCode,
  type SignedHead,
  type SshWay,
  type SshWayAsked,
  type Timers,
} from '@fleetmend/shared'
import { keyFingerprint, readKnownHosts, type SshTarget } from '@fleetmend/ssh'
import { recorded } from '../audit/record.ts'
import type { Clock } from '../runs/clock.ts'
import { pinHost } from '../store/host-audits.ts'
import { getHost, listHosts, putHost } from '../store/hosts.ts'
import type { Database } from '../store/tables.ts'
import type { SshAccess } from './ssh-access.ts'
import { knownHostsText, said, sshTarget } from './ssh-places.ts'
import type { Sessions } from './sessions.ts'
import { openSshSession } from './ssh-session.ts'

export interface AddRequest {
  readonly by: string
  readonly host: HostId
  readonly way: SshWayAsked
  readonly labels: Labels
  /** Fingerprints that a person has compared, as `ssh-keygen -l` prints them; of jump hosts, too. */
  readonly hostKeys: readonly string[]
  /** What is shown now is taken for the key, unseen. */
  readonly acceptNew: boolean
}

export interface AddingParts {
  readonly database: Database
  readonly fleet: string
  readonly clock: Pick<Clock, 'nowMs'>
  readonly timers: Timers
  readonly access: SshAccess
  readonly sessions: Pick<Sessions, 'catalogues'>
  /** Called with the new member. */
  readonly keep: (host: HostId) => Promise<Problem | null>
}

type Adding = { readonly ok: true; readonly value: AddedHost } | { readonly ok: false; readonly problem: Problem }

export async function addOverSsh(parts: AddingParts, request: AddRequest): Promise<Adding> {
  const { host, way } = request
  if ([way, ...way.jumps].some(({ user }) => user === 'root')) return refuse('ssh-not-bound', noRoot)
  if ((await getHost(parts.database, host)) !== null) return refuse('name-taken', taken(host))
  const key = await parts.access.key()
  if (!key.ok) return key
  const folder = await mkdtemp(join(parts.access.folder, 'adding-'))
  try {
    return await addWithin(parts, request, { keyFile: key.value.file, knownHostsFile: join(folder, 'known-hosts') })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface AddingFiles {
  readonly keyFile: string
  readonly knownHostsFile: string
}

async function addWithin(parts: AddingParts, request: AddRequest, files: AddingFiles): Promise<Adding> {
  const { host, way, labels, by } = request
  const inUse = (await listHosts(parts.database)).flatMap(({ ssh }) => ssh?.jumps ?? [])
  const target = sshTarget(host, way, files)
  const stations = [...target.jumps, { ...target, jumps: [] }]
  const pinned: PinnedSshPlace[] = []
  for (const [index, place] of [...way.jumps, way].entries()) {
    const shown = await keyShownBy(parts.access, stations.slice(0, index + 1), files)
    if (!shown.ok) return shown
    const { type, fingerprint, text } = shown
    const isOnOtherWays = inUse.some(
      (jump) => jump.host === place.host && jump.port === place.port && jump.hostKey === text,
    )
    if (!request.acceptNew && !request.hostKeys.includes(fingerprint) && !(isOnOtherWays && index < way.jumps.length))
      return { ok: true, value: { is: 'unknown-key', place: said(place), type, fingerprint } }
    pinned.push({ user: place.user, host: place.host, port: place.port, hostKey: text })
  }
  const [jumps, itself] = [pinned.slice(0, -1), pinned.at(-1)]
  if (itself === undefined) throw new Error('A way without its own end.')
  const ssh: SshWay = { ...itself, jumps }
  await writeFile(files.knownHostsFile, knownHostsText(host, ssh))
  const hello = await helloOver(host, ssh, files, parts)
  if (!hello.ok) return hello
  const head = memberHead(hello.value, host, parts.fleet)
  if (head === null) return refuse('host-not-enrolled', notOfThisFleet(host, hello.value, parts.fleet))
  const forwards = await whyNotRestricted(parts.access, host, ssh, files)
  if (forwards !== null) return { ok: false, problem: forwards }

  const { publicKey } = head
  const isNew = await recorded(parts.database, parts.clock, async (transaction, record) => {
    if ((await getHost(transaction, host)) !== null) return false
    await putHost(transaction, {
      id: host,
      ...{ labels, ssh, os: hello.value.os, agentVersion: hello.value.agentVersion },
      keyFingerprint: keyDigest(publicKey),
      certificateFingerprint: null,
      certificateExpiresAt: null,
      enrolledAt: new Date(parts.clock.nowMs()).toISOString(),
      lastSeenAt: null,
    })
    const insteadOf = await pinHost(transaction, host, publicKey)
    const hostKey = fingerprintOf(itself.hostKey)
    await record({ type: 'host-added', host, by, place: said(itself), hostKey, publicKey, insteadOf })
    return true
  })
  if (!isNew) return refuse('name-taken', taken(host))
  const wrong = await parts.keep(host)
  return {
    ok: true,
    value: { is: 'added', host, place: said(itself), fingerprint: fingerprintOf(itself.hostKey), wrong },
  }
}

type Shown =
  | { readonly ok: true; readonly text: string; readonly type: string; readonly fingerprint: string }
  | { readonly ok: false; readonly problem: Problem }

/**
 * What the last of them proves to have, reached through those before, whose keys are known by now. Nobody logs in for that,
 * so that whoever it may be learns nothing but that a controller came by.
 */
async function keyShownBy(
  { driver }: SshAccess,
  stations: readonly SshTarget[],
  { knownHostsFile }: AddingFiles,
): Promise<Shown> {
  const [jumps, last] = [stations.slice(0, -1), stations.at(-1) as SshTarget]
  const asked = { ...last, jumps, identityFiles: [], unknownHost: 'accept-new' as const, newKeysFile: knownHostsFile }
  const connected = await driver.connect(asked, AbortSignal.timeout(keyLimitMs))
  // An account that anybody may use; it is looked at below.
  if (connected.ok) await connected.value[Symbol.asyncDispose]()
  const lines = readKnownHosts(await readFile(knownHostsFile, 'latin1').catch(() => ''))
  const line = lines.find(({ names }) => names === last.hostKeyAlias)
  if (line) {
    const text = `${line.type} ${line.key.toString('base64')}`
    return { ok: true, text, type: line.type, fingerprint: keyFingerprint(line.key) }
  }
  return connected.ok ? refuse('ssh-host-unknown', `${last.alias} showed no key.`) : connected
}

const keyLimitMs = 30_000

type Said = { readonly ok: true; readonly value: Hello } | { readonly ok: false; readonly problem: Problem }

async function helloOver(host: HostId, way: SshWay, files: AddingFiles, parts: AddingParts): Promise<Said> {
  const { fleet } = parts
  const opened = await openSshSession(host, sshTarget(host, way, files), parts, new AbortController().signal)
  if (!opened.ok) {
    const { problem: told } = opened
    const detail = `${told.detail} Add it by that name, or give it this one. As root on the host:\n    fleetmend-agent enrol --again --host ${host} --over-ssh ${fleet}`
    return told.code === 'wrong-host' ? { ok: false, problem: { ...told, detail } } : opened
  }
  opened.value.close()
  await opened.value.ended
  return { ok: true, value: opened.value.hello }
}

/** Signed by the host, so that what it shows later can be held against it. Null: it says that it is of no fleet, or of another. */
function memberHead({ audit }: Hello, host: HostId, fleet: string): SignedHead | null {
  return audit !== undefined && isSigned(audit) && audit.head.host === host && audit.head.fleet === fleet ? audit : null
}

/**
 * Through an account with `command=` and without `restrict` nothing can be run, and whatever listens on the host, or behind
 * it, can be reached. So we try: on to the sshd that we came in by. Null: it does not let us.
 */
async function whyNotRestricted(
  { driver }: SshAccess,
  host: HostId,
  way: SshWay,
  files: AddingFiles,
): Promise<Problem | null> {
  const target = sshTarget(host, way, files)
  const through = { ...target, hostName: '127.0.0.1', jumps: [...target.jumps, { ...target, jumps: [] }] }
  const tried = await driver.connect(through, AbortSignal.timeout(keyLimitMs))
  if (tried.ok) await tried.value[Symbol.asyncDispose]()
  // What cannot be reached there may have been refused, or not be there: either way nothing came of it.
  if (!tried.ok && tried.problem.code === 'ssh-unreachable') return null
  return problem(
    'ssh-not-bound',
    `The account ${safeLine(way.user)} on ${host} runs nothing but the agent, and yet lets whoever has its key go on from there to any address (TCP forwarding). A controller must not have that. The line of its key in authorized_keys has to begin with:\n    restrict,command="/usr/bin/fleetmend-agent stdio"`,
  )
}

const noRoot =
  'A controller never logs in as root: whoever took it would have all of its hosts. Give it an account with nothing but the socket of the agent; `fleetmend hosts add` shows how.'

function taken(host: HostId): string {
  return `There is a host ${host} already, and a host has one way to it. To take it out first:\n    fleetmend hosts remove ${host}`
}

function notOfThisFleet(host: HostId, { audit }: Hello, fleet: string): string {
  const says = audit === undefined ? 'belongs to no fleet' : `belongs to the fleet ${safeLine(audit.head.fleet)}`
  return `${host} says that it ${says}, and this is the fleet ${fleet}. Only root on the host can say otherwise, there:\n    fleetmend-agent enrol --again --over-ssh ${fleet} --host ${host}`
}

function fingerprintOf(hostKey: string): string {
  return keyFingerprint(Buffer.from(hostKey.split(' ')[1] ?? '', 'base64'))
}

function refuse(code: ProblemCode, detail: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: problem(code, `Cannot add this host. ${detail}`) }
}
