/** Walks the way to a unix socket as nginx's worker goes it: name by name, in its view of the file system. */
import type { FileFacts, Read, ReadHost } from '../host/host.ts'
import { readAcls, type AclEntry } from '../readings/acl.ts'
import type { PathFacts, StepFacts } from './address-facts.ts'
import { answerOf } from './answer-of.ts'

/** As the kernel has it (`MAXSYMLINKS`). */
const maxLinks = 40

/** A running FPM service, which may see other files under the same names. */
export interface FpmView {
  readonly service: string
  readonly masterPid: number
}

export interface Going {
  readonly workerPid: number | null
  readonly views: readonly FpmView[]
  /** Access lists matter only where nginx met a denial. */
  readonly isDenied: boolean
}

export async function socketWay(
  host: ReadHost,
  path: string,
  { workerPid, views, isDenied }: Going,
): Promise<PathFacts> {
  // Links in /proc/PID/root would lead out of it, so that every name is looked at by itself.
  const root = workerPid === null ? '' : `/proc/${workerPid}/root`
  const { found, missing, stopped } = await walk(host, root, path)
  const paths = found.map(({ path: each }) => root + each)
  const acls = isDenied ? await readAclsOf(host, paths) : null
  const steps = await Promise.all(
    found.map(async ({ path: each, facts: { kind, mode, uid, gid } }): Promise<StepFacts> => {
      const [owner, group] = await Promise.all([host.userName(uid), host.groupName(gid)])
      return { path: each, kind, mode, uid, gid, owner, group, acl: acls?.get(root + each) ?? [] }
    }),
  )
  const seen = missing === null ? [] : await Promise.all(views.map((view) => sees(host, view, path)))
  return {
    steps,
    hasReadAcls: acls !== null,
    missing,
    stopped,
    seenBy: views.filter((_, i) => seen[i]).map(({ service }) => service),
  }
}

interface Walked {
  readonly found: readonly { readonly path: string; readonly facts: FileFacts }[]
  readonly missing: string | null
  readonly stopped: string | null
}

async function walk(host: ReadHost, root: string, path: string): Promise<Walked> {
  const found = new Map<string, FileFacts>()
  const done = (missing: string | null, stopped: string | null = null): Walked => ({
    found: [...found].map(([each, facts]) => ({ path: each, facts })),
    missing,
    stopped,
  })
  let names = path.split('/').filter((name) => name !== '' && name !== '.')
  let here = ''
  let links = 0
  const top = await host.stat(root === '' ? '/' : `${root}/`)
  if (top.ok) found.set('/', top.value)
  while (names.length > 0) {
    const [name = '', ...rest] = names
    if (name === '..') {
      here = here.slice(0, Math.max(0, here.lastIndexOf('/')))
      names = rest
      continue
    }
    const next = `${here}/${name}`
    const facts: Read<FileFacts> = await host.stat(root + next)
    if (!facts.ok) return facts.why === 'missing' ? done(next) : done(null, `${next}: ${facts.says}`)
    if (facts.value.kind === 'link') {
      const target = await host.readLink(root + next)
      if (!target.ok) return done(null, `${next}: ${target.says}`)
      if (++links > maxLinks) return done(null, `${next}: too many links`)
      names = [...target.value.split('/').filter((each) => each !== '' && each !== '.'), ...rest]
      if (target.value.startsWith('/')) here = ''
      continue
    }
    found.set(next, facts.value)
    here = next
    names = rest
    if (names.length > 0 && facts.value.kind !== 'directory') return done(null, `${next} is not a directory`)
  }
  return done(null)
}

async function readAclsOf(
  host: ReadHost,
  paths: readonly string[],
): Promise<ReadonlyMap<string, readonly AclEntry[]> | null> {
  // Where getfacl is not installed the mode alone is known, and with a list its group bits are the list's mask.
  const listed = await answerOf(host, { tool: 'file-acls', paths })
  return listed.ok ? readAcls(listed.value) : null
}

async function sees(host: ReadHost, { masterPid }: FpmView, path: string): Promise<boolean> {
  return (await host.stat(`/proc/${masterPid}/root${path}`)).ok
}
