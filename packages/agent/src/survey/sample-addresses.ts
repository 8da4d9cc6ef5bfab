/** For tests of judgements: nginx's way to PHP on the made-up host of `sample-facts.ts`, healthy unless a test says otherwise. */
import type { SocketAddress } from '../host/host.ts'
import type { PassFacts, PathFacts, PeerFacts, StepFacts, UpstreamFacts, WorkerAccount } from './address-facts.ts'

/** Beside this, `sampleFacts` knows how to take these. */
export interface SampleAddresses {
  readonly nginxLoadedAtMs?: number
  readonly worker?: WorkerAccount
  readonly passes?: readonly PassFacts[]
  readonly upstreams?: readonly UpstreamFacts[]
}

const socket = 'unix:/run/php/php8.2-fpm.sock'
const longAgoMs = Date.parse('2026-11-20T03:00:00.000Z')

export function samplePeer(address: SocketAddress = socket, changes: Partial<PeerFacts> = {}): PeerFacts {
  return {
    path: '/etc/nginx/sites-enabled/shop',
    line: 9,
    modifiedMs: longAgoMs,
    target: address.startsWith('tcp:') ? address.slice('tcp:'.length) : address,
    address,
    logged: address,
    isDown: false,
    failTimeoutS: 10,
    ...changes,
  }
}

export function samplePass(changes: Partial<PassFacts> = {}): PassFacts {
  const peers = changes.peers ?? [samplePeer()]
  return {
    path: '/etc/nginx/sites-enabled/shop',
    line: 9,
    modifiedMs: longAgoMs,
    site: 'shop.example',
    target: peers[0]?.target ?? '$backend',
    group: null,
    peers,
    hasResolver: false,
    ...changes,
  }
}

export function sampleUpstream(changes: Partial<UpstreamFacts> = {}): UpstreamFacts {
  const address = changes.address ?? socket
  const reply = {
    status: 404,
    headers: {},
    body: 'File not found.\n',
    stderr: '',
    connectMs: 0,
    firstByteMs: 1,
    tookMs: 1,
  }
  return {
    address,
    reply: { kind: 'answered', ...reply },
    holders: [{ address, pid: 100, comm: 'php-fpm8.2', title: 'php-fpm: master process' }],
    isHere: address.startsWith('tcp:') ? true : null,
    way: null,
    ...changes,
  }
}

/** An address to which nginx's worker cannot connect; with nobody listening unless the changes say otherwise. */
export function sampleUnreached(
  address: SocketAddress,
  errno: string,
  changes: Partial<UpstreamFacts> = {},
): UpstreamFacts {
  const reply = { kind: 'cannot-connect', errno, says: errno.toLowerCase(), tookMs: 0 } as const
  const way = address.startsWith('unix:') ? sampleWay(address.slice('unix:'.length)) : null
  return sampleUpstream({ address, reply, holders: [], way, ...changes })
}

/** The way to a socket that www-data owns, in folders that everybody may enter. */
export function sampleWay(path: string, changes: Partial<PathFacts> = {}): PathFacts {
  const names = path.split('/').slice(1)
  const folders = names.map((_, i) => `/${names.slice(0, i).join('/')}`)
  return {
    steps: [
      ...folders.map((folder) => sampleStep(folder)),
      sampleStep(path, { kind: 'socket', mode: 0o660, uid: 33, gid: 33, owner: 'www-data', group: 'www-data' }),
    ],
    hasReadAcls: true,
    missing: null,
    stopped: null,
    seenBy: [],
    ...changes,
  }
}

/** The same where the file itself is gone. */
export function sampleWayToNothing(path: string, changes: Partial<PathFacts> = {}): PathFacts {
  const way = sampleWay(path)
  return { ...way, steps: way.steps.slice(0, -1), missing: path, ...changes }
}

export function sampleStep(path: string, changes: Partial<StepFacts> = {}): StepFacts {
  return { path, kind: 'directory', mode: 0o755, uid: 0, gid: 0, owner: 'root', group: 'root', acl: [], ...changes }
}

export function sampleWorkerAccount(changes: Partial<WorkerAccount> = {}): WorkerAccount {
  return { user: 'www-data', uid: 33, gid: 33, groups: [33], groupNames: ['www-data'], newGroups: [], ...changes }
}
