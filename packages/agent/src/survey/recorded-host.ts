/**
 * A host that writes down every answer it gives while it is looked at, and one that gives the answers of such a record
 * again: what this machine's kernel cannot produce is judged without it. Nothing is invented: what was not asked when
 * the record was made cannot be read from it.
 */
import type { HostId } from '@fleetmend/shared'
import type { FastCgiReply, FileFacts, HttpReply, OpenLog, Question, Read, ReadHost } from '../host/host.ts'

export interface HostRecord {
  readonly host: HostId
  readonly takenAtMs: number
  /** The bytes of files and logs, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Every other answer, by what was asked; of several each is given once, the last one for ever. */
  readonly answers: ReadonlyMap<string, readonly unknown[]>
}

interface LogFacts extends FileFacts {
  /** Where the bytes begin that were kept. */
  readonly keptFrom: number
}

/** Of a longer log the end is kept, which is what a look reads. */
const keptLogBytes = 256 * 1024

export function recordingHost(host: ReadHost): { readonly host: ReadHost; record(): HostRecord } {
  const takenAtMs = host.nowMs()
  const files = new Map<string, Uint8Array>()
  const answers = new Map<string, unknown[]>()
  const keep = <T>(asked: string, answer: T): T => {
    answers.set(asked, [...(answers.get(asked) ?? []), answer])
    return answer
  }
  /** The key is taken before the answer comes, so that answers of one key stand in the order of the questions. */
  const kept = async <T>(asked: string, answer: Promise<T>): Promise<T> => keep(asked, await answer)
  const recording: ReadHost = {
    id: host.id,
    nowMs: () => host.nowMs(),
    readFile: async (path, limitBytes) => {
      const read = await host.readFile(path, limitBytes)
      if (!read.ok) return keep(keys.file(path), read)
      files.set(path, path === uptimeFile ? uptimeBefore(read.value, host.nowMs() - takenAtMs) : read.value)
      return read
    },
    withLog: async (path, use) => {
      const read = await host.withLog(path, async (log) => {
        const keptFrom = Math.max(0, log.facts.sizeBytes - keptLogBytes)
        files.set(path, await log.read(keptFrom, log.facts.sizeBytes - keptFrom))
        keep(keys.log(path), { ok: true, value: { ...log.facts, keptFrom } satisfies LogFacts })
        return use(log)
      })
      return read.ok ? read : keep(keys.log(path), read)
    },
    readGzipEnd: (path, limits) => host.readGzipEnd(path, limits),
    readFrom: (path, offset, limitBytes) => host.readFrom(path, offset, limitBytes),
    stat: (path) => kept(keys.stat(path), host.stat(path)),
    list: (path) => kept(keys.list(path), host.list(path)),
    resolve: (path) => kept(keys.resolve(path), host.resolve(path)),
    writeObstacle: (path) => host.writeObstacle(path),
    readLink: (path) => kept(keys.readLink(path), host.readLink(path)),
    space: (path) => kept(keys.space(path), host.space(path)),
    processes: () => kept(keys.processes, host.processes()),
    process: (pid) => kept(keys.process(pid), host.process(pid)),
    ask: (question) => kept(keys.ask(question), host.ask(question)),
    fastcgi: (request) => kept(keys.fastcgi(request), host.fastcgi(request)),
    http: (probe) => kept(keys.http(probe), host.http(probe)),
    userName: (uid) => kept(keys.userName(uid), host.userName(uid)),
    groupName: (gid) => kept(keys.groupName(gid), host.groupName(gid)),
    sleep: (ms) => host.sleep(ms),
  }
  return { host: recording, record: () => ({ host: host.id, takenAtMs, files, answers }) }
}

/** In a record time stands still, so that the file which tells it has to be of that moment. */
const uptimeFile = '/proc/uptime'

function uptimeBefore(bytes: Uint8Array, ms: number): Uint8Array {
  const text = Buffer.from(bytes).toString()
  return Buffer.from(text.replace(/^\d+\.\d+/, (seconds) => (Number(seconds) - ms / 1000).toFixed(2)))
}

const notRecorded = { ok: false, why: 'failed', says: 'it was not recorded' } as const

export function recordedHost({ host: id, takenAtMs, files, answers }: HostRecord): ReadHost {
  const timesAsked = new Map<string, number>()
  const given = (asked: string): unknown => {
    const all = answers.get(asked) ?? []
    const times = timesAsked.get(asked) ?? 0
    timesAsked.set(asked, times + 1)
    return all[Math.min(times, all.length - 1)]
  }
  const read = async <T>(asked: string): Promise<Read<T>> => (given(asked) as Read<T> | undefined) ?? notRecorded
  const nobody = { says: notRecorded.says, tookMs: 0 }
  return {
    id,
    nowMs: () => takenAtMs,
    readFile: async (path, limitBytes = Infinity) => {
      const bytes = files.get(path)
      if (bytes === undefined) return read(keys.file(path))
      return bytes.length > limitBytes
        ? { ok: false, why: 'too-big', says: `bigger than ${limitBytes} bytes` }
        : { ok: true, value: bytes }
    },
    withLog: async (path, use) => {
      const facts = await read<LogFacts>(keys.log(path))
      return facts.ok ? { ok: true, value: await use(recordedLog(facts.value, files.get(path))) } : facts
    },
    readGzipEnd: async () => notRecorded,
    readFrom: async () => notRecorded,
    stat: (path) => read(keys.stat(path)),
    list: (path) => read(keys.list(path)),
    resolve: (path) => read(keys.resolve(path)),
    // No look asks for it, and nothing is written to a recording.
    writeObstacle: async () => notRecorded.says,
    readLink: (path) => read(keys.readLink(path)),
    space: (path) => read(keys.space(path)),
    processes: () => read(keys.processes),
    process: (pid) => read(keys.process(pid)),
    ask: (question) => read(keys.ask(question)),
    fastcgi: async (request) =>
      (given(keys.fastcgi(request)) as FastCgiReply | undefined) ?? { kind: 'broken', ...nobody },
    http: async (probe) => (given(keys.http(probe)) as HttpReply | undefined) ?? { kind: 'no-answer', ...nobody },
    userName: async (uid) => (given(keys.userName(uid)) as string | undefined) ?? String(uid),
    groupName: async (gid) => (given(keys.groupName(gid)) as string | undefined) ?? String(gid),
    sleep: async () => undefined,
  }
}

/** What stood before the part that was kept is as good as gone: whoever wants it finds the log shorter than it was. */
function recordedLog({ keptFrom, ...facts }: LogFacts, bytes: Uint8Array = new Uint8Array()): OpenLog {
  return {
    facts,
    read: async (offset, wanted) =>
      offset < keptFrom ? new Uint8Array() : bytes.subarray(offset - keptFrom, offset - keptFrom + wanted),
  }
}

/** How a question is written down. Moments and limits are left out: they are not the same when it is asked again. */
const keys = {
  file: (path: string) => `read ${path}`,
  log: (path: string) => `log ${path}`,
  stat: (path: string) => `stat ${path}`,
  list: (path: string) => `list ${path}`,
  resolve: (path: string) => `resolve ${path}`,
  readLink: (path: string) => `link ${path}`,
  space: (path: string) => `space ${path}`,
  processes: 'processes',
  process: (pid: number) => `process ${pid}`,
  userName: (uid: number) => `user ${uid}`,
  groupName: (gid: number) => `group ${gid}`,
  fastcgi: ({ address, asProcess }: Parameters<ReadHost['fastcgi']>[0]) =>
    `fastcgi ${address}${asProcess === undefined ? '' : ` as ${asProcess}`}`,
  http: ({ address, port, tls, serverName, path }: Parameters<ReadHost['http']>[0]) =>
    `http${tls ? 's' : ''} ${address}:${port} ${serverName} ${path}`,
  ask: (question: Question) => {
    const { tool, ...about } = question
    const rest = Object.entries(about).filter(
      ([name]) => !['sinceMs', 'planned', 'abridged', 'properties'].includes(name),
    )
    return [`ask ${tool}`, ...rest.map(([, value]) => [value].flat().join(' '))].join(' ')
  },
}
