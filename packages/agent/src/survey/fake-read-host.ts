/** For tests of everything that looks: a host in memory that can only be read. What it was not given is missing. */
import type {
  FastCgiReply,
  FastCgiRequest,
  HttpReply,
  OpenLog,
  ProcessFacts,
  Question,
  Read,
  ReadHost,
  SocketAddress,
  SpaceFacts,
  ToolOutput,
} from '../host/host.ts'

export type Refusal = Extract<Read<never>, { readonly ok: false }>

export const missing: Refusal = { ok: false, why: 'missing', says: 'no such file or directory' }
export const denied: Refusal = { ok: false, why: 'denied', says: 'permission denied' }
export const timedOut: Refusal = { ok: false, why: 'timed-out', says: 'no answer in 10 s' }

/** The text of a file, or what else stands at a path. A refusal is what opening it comes to. */
export type Entry =
  | string
  | { readonly bytes: Uint8Array }
  | { readonly text: string; readonly modifiedMs: number; readonly changedMs?: number }
  | { readonly link: string; readonly modifiedMs?: number }
  | { readonly is: 'directory' | 'socket'; readonly modifiedMs?: number }
  | Refusal

/** What a program printed. */
type Answer = string | ToolOutput | Refusal

export interface FakeWorld {
  /** Left out: systemd runs this host. */
  readonly hasSystemd?: boolean
  /** By absolute path; the folders above are there by themselves. */
  readonly tree?: Readonly<Record<string, Entry>>
  readonly processes?: readonly ProcessFacts[] | Refusal
  /**
   * By the tool, or by tool and unit where it is asked about units: `unit-properties nginx`. Of a list each is given
   * once, the last one for ever.
   */
  readonly answers?: Readonly<Record<string, Answer | readonly Answer[]>>
  /** By the path that is asked about. */
  readonly spaces?: Readonly<Record<string, SpaceFacts>>
  /** By address and port: `127.0.0.1:80`. */
  readonly http?: Readonly<Record<string, HttpReply>>
  readonly fastcgi?: Readonly<Record<SocketAddress, FastCgiReply>>
}

export interface FakeReadHost extends ReadHost {
  /** Every path that was opened, listed or looked at. */
  readonly touched: ReadonlySet<string>
  readonly questions: readonly Question[]
  readonly fastcgiRequests: readonly FastCgiRequest[]
}

export const fakeNowMs = Date.parse('2026-11-21T03:00:00.000Z')

export function fakeReadHost(world: FakeWorld = {}): FakeReadHost {
  const systemd: Readonly<Record<string, Entry>> = { '/run/systemd/system': { is: 'directory' } }
  const tree = new Map(Object.entries({ ...(world.hasSystemd === false ? {} : systemd), ...world.tree }))
  const touched = new Set<string>()
  const questions: Question[] = []
  const fastcgiRequests: FastCgiRequest[] = []
  const timesAsked = new Map<string, number>()
  let nowMs = fakeNowMs

  const open = (path: string): Read<Uint8Array> => {
    touched.add(path)
    const real = realPath(tree, path)
    return real === null ? missing : contentOf(tree.get(real) ?? { is: 'directory' })
  }
  const answerTo = (key: string, tool: string): Answer => {
    const given = world.answers?.[key] ?? world.answers?.[tool]
    const times = timesAsked.get(key) ?? 0
    timesAsked.set(key, times + 1)
    const answer = isList(given) ? given[Math.min(times, given.length - 1)] : given
    return answer ?? { ok: false, why: 'missing', says: `${tool} is not installed` }
  }
  const inodeOf = (real: string) => [...tree.keys()].indexOf(real) + 1
  const given = world.processes ?? []
  const processes: Read<readonly ProcessFacts[]> = 'ok' in given ? given : { ok: true, value: given }
  return {
    id: 'web-1',
    touched,
    questions,
    fastcgiRequests,
    nowMs: () => nowMs,
    readFile: async (path, limitBytes = Infinity) => {
      const bytes = open(path)
      return bytes.ok && bytes.value.length > limitBytes
        ? { ok: false, why: 'too-big', says: `bigger than ${limitBytes} bytes` }
        : bytes
    },
    withLog: async (path, use) => {
      const all = open(path)
      if (!all.ok) return all
      const real = realPath(tree, path) ?? path
      return { ok: true, value: await use(fakeLog(all.value, modifiedMsOf(tree.get(real), fakeNowMs), inodeOf(real))) }
    },
    // A packed file is given as what it unpacks to.
    readGzipEnd: async (path, { keepBytes, limitBytes }) => {
      const all = open(path)
      if (!all.ok) return all
      const bytes = all.value
      return bytes.length > limitBytes
        ? { ok: false, why: 'too-big', says: `it unpacks to more than ${limitBytes} bytes` }
        : { ok: true, value: { bytes: bytes.subarray(-keepBytes), isWhole: bytes.length <= keepBytes } }
    },
    readFrom: async (path, offset, limitBytes) => {
      const all = open(path)
      return all.ok ? { ok: true, value: all.value.subarray(offset, offset + limitBytes) } : all
    },
    stat: async (path) => {
      touched.add(path)
      const place = placeOf(tree, path)
      if (place === null || !exists(tree, place)) return missing
      const entry = tree.get(place) ?? { is: 'directory' as const }
      const modifiedMs = modifiedMsOf(entry, 0)
      const content = contentOf(entry)
      const sizeBytes = content.ok ? content.value.length : 0
      const changedMs = (typeof entry === 'object' && 'changedMs' in entry ? entry.changedMs : null) ?? modifiedMs
      const facts = { mode: 0o644, uid: 0, gid: 0, sizeBytes, modifiedMs, changedMs, device: 1, inode: inodeOf(place) }
      return { ok: true, value: { ...facts, kind: kindOf(entry) } }
    },
    list: async (path) => {
      touched.add(path)
      const real = realPath(tree, path)
      const entry = real === null ? missing : tree.get(real)
      if (real === null || isRefusal(entry)) return isRefusal(entry) ? entry : missing
      const above = real === '/' ? '/' : `${real}/`
      const below = [...tree.keys()].filter((each) => each.startsWith(above) && each !== above)
      return {
        ok: true,
        value: [...new Set(below.map((each) => each.slice(above.length).split('/')[0] ?? ''))].toSorted(),
      }
    },
    resolve: async (path) => {
      touched.add(path)
      const real = realPath(tree, path)
      return real === null ? missing : { ok: true, value: real }
    },
    writeObstacle: async () => null,
    readLink: async (path) => {
      touched.add(path)
      const entry = tree.get(placeOf(tree, path) ?? path) ?? missing
      if (isRefusal(entry)) return entry
      return isLink(entry) ? { ok: true, value: entry.link } : { ok: false, why: 'failed', says: 'not a link' }
    },
    space: async (path) => {
      const facts = world.spaces?.[path]
      return facts ? { ok: true, value: facts } : missing
    },
    processes: async () => processes,
    process: async (pid) => {
      const found = processes.ok ? processes.value.find((each) => each.pid === pid) : undefined
      return found ? { ok: true, value: found } : missing
    },
    ask: async (question) => {
      questions.push(question)
      if (question.tool === 'unit-properties') return joined(question.services.map((each) => answerAboutUnit(each)))
      const about = 'service' in question ? ` ${question.service}` : ''
      return outputOf(answerTo(question.tool + about, question.tool))
    },
    fastcgi: async (request) => {
      fastcgiRequests.push(request)
      const nobody = { kind: 'cannot-connect', errno: 'ENOENT', says: missing.says, tookMs: 0 } as const
      return world.fastcgi?.[request.address] ?? nobody
    },
    http: async ({ address, port }) =>
      world.http?.[`${address}:${port}`] ?? { kind: 'no-answer', says: 'connection refused', tookMs: 0 },
    userName: async (uid) => `user-${uid}`,
    groupName: async (gid) => `group-${gid}`,
    sleep: async (ms) => {
      nowMs += ms
    },
  }

  /** systemd knows every name: those without a unit as `not-found`. */
  function answerAboutUnit(service: string): Read<ToolOutput> {
    const key = `unit-properties ${service}`
    const isGiven = world.answers?.[key] !== undefined || world.answers?.['unit-properties'] !== undefined
    return outputOf(isGiven ? answerTo(key, 'unit-properties') : `Id=${service}.service\nLoadState=not-found`)
  }
}

/** Bytes as an open log gives them. */
export function fakeLog(bytes: Uint8Array, modifiedMs = fakeNowMs, inode = 1): OpenLog {
  const facts = { kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: bytes.length, modifiedMs } as const
  return {
    facts: { ...facts, changedMs: modifiedMs, device: 1, inode },
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  }
}

function modifiedMsOf(entry: Entry | undefined, otherwise: number): number {
  return typeof entry === 'object' && 'modifiedMs' in entry ? (entry.modifiedMs ?? otherwise) : otherwise
}

function joined(answers: readonly Read<ToolOutput>[]): Read<ToolOutput> {
  const outputs = answers.flatMap((answer) => (answer.ok ? [answer.value] : []))
  const stdout = outputs.map((output) => output.stdout).join('\n\n')
  const [worst] = outputs.toSorted((a, b) => b.exitCode - a.exitCode)
  return (
    answers.find((answer) => !answer.ok) ?? {
      ok: true,
      value: { exitCode: worst?.exitCode ?? 0, stdout: stdout.trimEnd(), stderr: worst?.stderr ?? '' },
    }
  )
}

function outputOf(answer: Answer): Read<ToolOutput> {
  if (typeof answer === 'string') return { ok: true, value: { exitCode: 0, stdout: answer, stderr: '' } }
  return isRefusal(answer) ? answer : { ok: true, value: answer }
}

function contentOf(entry: Entry): Read<Uint8Array> {
  if (typeof entry === 'string') return { ok: true, value: Buffer.from(entry) }
  if (isRefusal(entry)) return entry
  if ('bytes' in entry) return { ok: true, value: entry.bytes }
  if ('text' in entry) return { ok: true, value: Buffer.from(entry.text) }
  return { ok: false, why: 'failed', says: 'link' in entry ? 'too many links' : `a ${entry.is}` }
}

function kindOf(entry: Entry): 'file' | 'link' | 'directory' | 'socket' {
  if (typeof entry === 'string' || isRefusal(entry)) return 'file'
  return 'is' in entry ? entry.is : 'link' in entry ? 'link' : 'file'
}

type Tree = ReadonlyMap<string, Entry>

/** With every link followed; null when it leads nowhere. */
function realPath(tree: Tree, path: string, hops = 20): string | null {
  if (!path.startsWith('/')) return null
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  let real = ''
  for (const [i, part] of parts.entries()) {
    const above = real
    real = part === '..' ? above.slice(0, Math.max(0, above.lastIndexOf('/'))) : `${above}/${part}`
    const entry = tree.get(real)
    if (!isLink(entry)) continue
    const target = entry.link.startsWith('/') ? entry.link : `${above}/${entry.link}`
    return hops === 0 ? null : realPath(tree, [target, ...parts.slice(i + 1)].join('/'), hops - 1)
  }
  return exists(tree, real) ? real || '/' : null
}

/** The folders followed, but not a link that stands there itself. */
function placeOf(tree: Tree, path: string): string | null {
  if (path.endsWith('/.')) return realPath(tree, path)
  const slash = path.lastIndexOf('/')
  const folder = realPath(tree, path.slice(0, slash) || '/')
  return folder === null ? null : `${folder === '/' ? '' : folder}${path.slice(slash)}`
}

function exists(tree: Tree, path: string): boolean {
  return tree.has(path) || [...tree.keys()].some((each) => each.startsWith(path === '/' ? path : `${path}/`))
}

function isRefusal(entry: Entry | Answer | undefined): entry is Refusal {
  return typeof entry === 'object' && 'ok' in entry
}

function isLink(entry: Entry | undefined): entry is Extract<Entry, { readonly link: string }> {
  return typeof entry === 'object' && 'link' in entry
}

function isList<T>(value: T | readonly T[] | undefined): value is readonly T[] {
  return Array.isArray(value)
}
