/**
 * What is put on a host that has never seen us: the agent as it is installed elsewhere, and the Node that runs it. Read and
 * packed once, for however many hosts.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, realpathSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { filesDigest, installedFiles, installedPlaces, problem, runtimeLibrary, type Problem } from '@fleetmend/shared'
import { loadedLibrary } from './loaded-library.ts'
import { tarArchive, type ArchivedFile } from './tar-archive.ts'

/** As `process.arch` says it; web hosts run Linux with glibc. */
export type Architecture = 'x64' | 'arm64'

export interface AgentFiles {
  /** SHA-256 over the names and digests of all files: the same files have the same one on every computer. */
  readonly digest: string
  readonly files: readonly AgentFile[]
  /** These of them, packed as `tar -xz` takes it. */
  readonly packed: (names: readonly string[]) => Promise<Buffer>
}

export interface AgentFile {
  readonly name: string
  readonly sha256: string
}

export type FilesFound =
  | { readonly ok: true; readonly value: AgentFiles }
  | { readonly ok: false; readonly problem: Problem }

export const runtimeName = 'node'
export const entryName = 'fleetmend-agent.cjs'
/** Beside the runtime: what a session needs, and all that is installed. */
const bundleNames = {
  session: [entryName, 'agent.cjs', 'agent.cjs.cache'],
  installed: Object.keys(installedFiles).filter((name) => name !== runtimeName && name !== runtimeLibrary),
} as const
export type Purpose = keyof typeof bundleNames

export interface Places {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The file that this process was started with. */
  readonly entry: string | undefined
  /** The Node of this process, and what it runs on. */
  readonly runtime: { readonly path: string; readonly platform: string; readonly architecture: string }
}

/** Found once, for each kind of host. */
export function agentFilesHere(
  places: Places,
  purpose: Purpose = 'session',
): (architecture: Architecture) => Promise<FilesFound> {
  const found = new Map<Architecture, Promise<FilesFound>>()
  return (architecture) => {
    const files = found.get(architecture) ?? findFiles(architecture, places, bundleNames[purpose])
    found.set(architecture, files)
    return files
  }
}

async function findFiles(architecture: Architecture, places: Places, names: readonly string[]): Promise<FilesFound> {
  const folders = foldersOf(places)
  const folder = folders.find((each) => names.every((name) => existsSync(join(each, name))))
  if (folder === undefined) return missing(`It was looked for in ${folders.join(', ')}.`)
  const runtime = runtimeFor(architecture, folder, places)
  if (runtime === null)
    return missing(
      `A Node 26 for Linux on ${architecture} is missing. Put its program here, and make it executable:\n    ${join(folder, architecture, runtimeName)}`,
    )
  const library = libraryFor(architecture, folder, places)
  if (library === null)
    return missing(
      `Node needs ${runtimeLibrary} for ${architecture}, of GCC (libatomic1 in Debian). Put it here:\n    ${join(folder, architecture, runtimeLibrary)}`,
    )
  const own = [[runtimeName, runtime] as const, [runtimeLibrary, library] as const]
  const paths = new Map([...own, ...names.map((name) => [name, join(folder, name)] as const)])
  const files: (AgentFile & ArchivedFile)[] = []
  for (const [name, path] of paths) {
    const mode = name === runtimeName || name === entryName ? 0o755 : 0o644
    const { size } = await stat(path)
    files.push({ name, mode, sizeBytes: size, sha256: await digestOf(path), bytes: () => createReadStream(path) })
  }
  const packs = new Map<string, Promise<Buffer>>()
  const packed = (wanted: readonly string[]): Promise<Buffer> => {
    const key = wanted.join('/')
    const known = packs.get(key) ?? pack(files.filter(({ name }) => wanted.includes(name)))
    packs.set(key, known)
    return known
  }
  const digest = filesDigest(new Map(files.map(({ name, sha256 }) => [name, sha256])))
  return { ok: true, value: { digest, files, packed } }
}

function foldersOf({ environment, entry }: Places): readonly string[] {
  const named = environment['FLEETMEND_AGENT_FILES']
  if (named !== undefined) return [named]
  if (entry === undefined) return [installedPlaces.current]
  const here = dirname(realpathSync(entry))
  // Beside the command; built, where the command runs from its source; of the agent on this computer.
  return [join(here, 'agent'), join(here, '../../../dist/agent'), installedPlaces.current]
}

/** Our own is the one that this command was tried with; another kind of host needs another one. */
function runtimeFor(architecture: Architecture, folder: string, { runtime }: Places): string | null {
  const beside = join(folder, architecture, runtimeName)
  if (existsSync(beside)) return beside
  return runtime.platform === 'linux' && runtime.architecture === architecture ? realpathSync(runtime.path) : null
}

/** Built, it lies beside; an installed agent has it beside its Node; else it is what this process was loaded with. */
function libraryFor(architecture: Architecture, folder: string, { runtime }: Places): string | null {
  const beside = join(folder, architecture, runtimeLibrary)
  if (existsSync(beside)) return beside
  // Another Node needs another one.
  if (existsSync(join(folder, architecture, runtimeName))) return null
  const installed = join(dirname(realpathSync(runtime.path)), runtimeLibrary)
  return existsSync(installed) ? installed : loadedLibrary(runtimeLibrary)
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Quickly: on any line that is not slow, packing tighter takes longer than it saves. */
async function pack(files: readonly ArchivedFile[]): Promise<Buffer> {
  const chunks: Buffer[] = []
  await pipeline(tarArchive(files), createGzip({ level: constants.Z_BEST_SPEED }), async (packed) => {
    for await (const chunk of packed) chunks.push(chunk as Buffer)
  })
  return Buffer.concat(chunks)
}

function missing(says: string): FilesFound {
  return {
    ok: false,
    problem: problem(
      'agent-files-missing',
      `What is to be put on the host is not there. ${says}\n\nFLEETMEND_AGENT_FILES names another folder with the built agent in it.`,
    ),
  }
}
