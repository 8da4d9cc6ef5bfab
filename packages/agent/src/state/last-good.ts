/**
 * The last configurations of each service that what runs had loaded and that passed their test, whole: file by file, as
 * they were (DESIGN D10). A file a version, named by its time and by a digest of what is in it.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Instant, ServiceName } from '@fleetmend/shared/model/ids'
import * as z from 'zod/mini'
import { removeDurably, saysOf, syncDirectory, writeDurably } from './durable.ts'
import type { StatePaths } from './state-paths.ts'

/** Distinct ones, of each service. */
export const keptVersions = 5
/** Of all versions of a service together; the newest is kept however big it is, and is `versionBytes` at most. */
const keptBytes = 24 * 1024 * 1024
/** Of the files of one version together. Real configurations are some kilobytes, those of thousands of sites a few MiB. */
export const versionBytes = 8 * 1024 * 1024

const KeptFile = z.strictObject({
  /** As the configuration names it. */
  path: z.string(),
  /** The file itself, where that name is a link or lies behind one. */
  leadsTo: z.nullable(z.string()),
  /** Byte text: a character is a byte. */
  text: z.string(),
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
})

const GoodVersion = z.strictObject({
  format: z.literal('fleetmend.last-good/1'),
  service: ServiceName,
  keptAt: Instant,
  loadedAt: Instant,
  files: z.array(KeptFile),
  /** Patterns of its includes: what else matches them now was not there then. */
  patterns: z.array(z.string()),
})
export type GoodVersion = z.infer<typeof GoodVersion>

/** How the newest version was last seen on disk: as long as that holds, nothing has to be read to know that it still is. */
const Standing = z.strictObject({
  version: z.string(),
  places: z.array(z.strictObject({ path: z.string(), looks: z.nullable(z.string()) })),
  changedMs: z.number(),
  /** Which load of what runs it was seen loaded by; null: by none that left a trace. */
  loadMark: z.nullable(z.string()),
  loadedMs: z.number(),
  pidFile: z.nullable(z.string()),
})
export type Standing = z.infer<typeof Standing>

export type Kept = { readonly ok: true } | { readonly ok: false; readonly says: string }

/** Nothing could name it in a plan either, so that nothing is lost. */
const strangeName: Kept = { ok: true }

/** Keeps a version as the newest, in the place of an older one that is the same, and lets the oldest go. */
export async function keepGood(
  paths: Pick<StatePaths, 'lastGood'>,
  version: GoodVersion,
  standing: Omit<Standing, 'version'>,
): Promise<Kept> {
  const name = nameOf(version)
  const folder = folderOf(paths, version.service)
  if (folder === null) return strangeName
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncDirectory(paths.lastGood)
    await writeDurably(join(folder, name), Buffer.from(JSON.stringify(version)), 0o600)
    await writeStanding(folder, { version: name, ...standing })
    await prune(folder, name)
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `the configuration of ${version.service} cannot be kept: ${saysOf(error)}` }
  }
}

/** The newest version still stands, seen in another way: written anew without another version, or loaded again. */
export async function renewStanding(
  paths: Pick<StatePaths, 'lastGood'>,
  service: string,
  standing: Standing,
): Promise<Kept> {
  const folder = folderOf(paths, service)
  if (folder === null) return strangeName
  try {
    await writeStanding(folder, standing)
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `the configuration of ${service} cannot be kept: ${saysOf(error)}` }
  }
}

export interface Newest {
  readonly name: string
  readonly version: GoodVersion
  /** Null where it is of another version, or cannot be read: then it has to be found out again. */
  readonly standing: Standing | null
}

/** Null where none was kept yet, or none is as it was when it was written. */
export async function newestGood(paths: Pick<StatePaths, 'lastGood'>, service: string): Promise<Newest | null> {
  const folder = folderOf(paths, service)
  if (folder === null) return null
  for (const name of (await versionNames(folder)).toReversed()) {
    const version = parsed(GoodVersion, await textOrNull(join(folder, name)))
    if (version && nameOf(version) === name && version.service === service)
      return { name, version, standing: await standingOf(folder, name) }
  }
  return null
}

/** What `newestGood` would say of its standing, without reading the version. */
export async function newestStanding(paths: Pick<StatePaths, 'lastGood'>, service: string): Promise<Standing | null> {
  const folder = folderOf(paths, service)
  const newest = folder === null ? undefined : (await versionNames(folder)).at(-1)
  return folder === null || newest === undefined ? null : standingOf(folder, newest)
}

/** Whether two configurations are the same, whenever they were kept. */
export function isSameGood(
  a: Pick<GoodVersion, 'files' | 'patterns'>,
  b: Pick<GoodVersion, 'files' | 'patterns'>,
): boolean {
  return digestOf(a) === digestOf(b)
}

async function standingOf(folder: string, version: string): Promise<Standing | null> {
  const standing = parsed(Standing, await textOrNull(join(folder, standingFile)))
  return standing?.version === version ? standing : null
}

const standingFile = 'standing.json'

async function writeStanding(folder: string, standing: Standing): Promise<void> {
  await writeDurably(join(folder, standingFile), Buffer.from(JSON.stringify(standing)), 0o600)
}

async function prune(folder: string, newest: string): Promise<void> {
  const names = (await versionNames(folder)).filter((name) => name !== newest).toReversed()
  let bytes = (await stat(join(folder, newest))).size
  let kept = 1
  for (const name of names) {
    const { size } = await stat(join(folder, name))
    const isWanted = digestIn(name) !== digestIn(newest) && kept < keptVersions && bytes + size <= keptBytes
    if (!isWanted) {
      await removeDurably(join(folder, name))
      continue
    }
    bytes += size
    kept++
  }
}

/** `20261121T031104000-DIGEST.json`: names sort by time. */
function nameOf(version: GoodVersion): string {
  return `${version.keptAt.replace(/[-:.Z]/g, '')}-${digestOf(version)}.json`
}

const versionName = /^\d{8}T\d{9}-([0-9a-f]{32})\.json$/

function digestIn(name: string): string | undefined {
  return versionName.exec(name)?.[1]
}

function digestOf({ files, patterns }: Pick<GoodVersion, 'files' | 'patterns'>): string {
  const fields = files.map(({ path, leadsTo, text, mode, uid, gid }) => [path, leadsTo, text, mode, uid, gid])
  return createHash('sha256')
    .update(JSON.stringify([fields, patterns]))
    .digest('hex')
    .slice(0, 32)
}

/** Oldest first. */
async function versionNames(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => versionName.test(name)).toSorted()
}

/** Parsed before it becomes part of a path: no name has a slash in it or begins with a dot. systemd allows stranger ones. */
function folderOf({ lastGood }: Pick<StatePaths, 'lastGood'>, service: string): string | null {
  const name = ServiceName.safeParse(service)
  return name.success ? join(lastGood, name.data) : null
}

async function textOrNull(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null)
}

function parsed<Schema extends z.ZodMiniType>(schema: Schema, text: string | null): z.output<Schema> | null {
  if (text === null) return null
  try {
    const read = schema.safeParse(JSON.parse(text))
    return read.success ? read.data : null
  } catch {
    return null
  }
}
