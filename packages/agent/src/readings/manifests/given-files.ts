/** Files that a person gives: manifests and compose files, told apart by what is in them, and texts that they refer to. */
import { posix } from 'node:path'
import { readCompose } from './compose.ts'
import type { SeenFile } from './container-files.ts'
import { readKubernetes } from './kubernetes.ts'
import type { Workload } from './workload.ts'
import { readTrees, textOf, under, type Tree } from '../yaml/yaml-tree.ts'

export interface GivenFile {
  /** As it was given: what findings call it. */
  readonly name: string
  /** Absolute; other files refer to it by this. */
  readonly path: string
  readonly text: string
}

export type GivenReading =
  | { readonly ok: true; readonly workloads: readonly Workload[]; readonly ignored: readonly Ignored[] }
  /** `says` begins with `FILE:LINE`. */
  | { readonly ok: false; readonly says: string }

/** A document in which nothing is judged. */
export interface Ignored {
  readonly at: string
  readonly why: string
}

/** One document of a file of manifests. */
export interface GivenTree {
  readonly file: GivenFile
  readonly tree: Tree
}

export function readGiven(files: readonly GivenFile[]): GivenReading {
  const documents: GivenTree[] = []
  for (const file of files.filter(isManifest)) {
    const reading = readTrees(file.text)
    if (!reading.ok) return { ok: false, says: `${file.name}:${reading.line}: ${reading.says}` }
    documents.push(...reading.value.map((tree) => ({ file, tree })))
  }
  const objects = documents.filter(({ tree }) => textOf(under(tree, 'kind')) !== null)
  const compose = documents.filter(
    ({ tree }) => under(tree, 'kind') === undefined && under(tree, 'services')?.kind === 'map',
  )
  const others = documents.filter((document) => !objects.includes(document) && !compose.includes(document))
  const seen = (path: string): readonly SeenFile[] => filesBelow(files, path)
  const composed = readCompose(compose, seen)
  if (!composed.ok) return composed
  return {
    ok: true,
    workloads: [...readKubernetes(objects), ...composed.workloads],
    ignored: others.map(({ file, tree }) => ({
      at: `${file.name}:${tree.line}`,
      why: 'it is neither a Kubernetes object nor a compose file',
    })),
  }
}

function isManifest({ name }: GivenFile): boolean {
  return /\.(?:ya?ml|json)$/i.test(name)
}

/** The file of that path, or those of that folder by their paths within it. */
function filesBelow(files: readonly GivenFile[], path: string): readonly SeenFile[] {
  return files
    .filter((file) => file.path === path || file.path.startsWith(`${path.replace(/\/$/, '')}/`))
    .map((file) => ({
      path: posix.relative(path, file.path),
      text: file.text,
      placeOf: (line) => `${file.name}:${line}`,
    }))
}
