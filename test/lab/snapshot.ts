/** How files are, for comparing before and after: kind, bytes, mode, owner, ACL, extended attributes, where links point. */
import type { Ran, ToolOptions } from './tool.ts'

/** Path → what is to be known about it. Times and inodes are left out: replacing a file atomically changes them. */
export type Snapshot = Readonly<Record<string, FileState>>

export interface FileState {
  /** As `find -printf %y`: `f`, `d`, `l`, `s` … */
  readonly kind: string
  readonly mode: string
  readonly owner: string
  readonly link?: string
  readonly sha256?: string
  /** Entries beyond owner, group and others; `default:` ones of directories too. */
  readonly acl?: readonly string[]
  readonly xattrs?: readonly string[]
}

type Run = (argv: readonly string[], options?: ToolOptions) => Promise<Ran>

/** The trees below these paths. A missing path has no entry; sockets have none, who listens is no matter of files. */
export async function takeSnapshot(run: Run, paths: readonly string[]): Promise<Snapshot> {
  const entries = await listTrees(run, paths)
  const all = entries.filter(({ kind }) => kind !== 'l').map(({ path }) => path)
  const files = entries.filter(({ kind }) => kind === 'f').map(({ path }) => path)
  const [sums, acls, attributes] = await Promise.all([
    forEach(run, files, ['sha256sum', '--zero', '--']),
    forEach(run, all, ['getfacl', '--skip-base', '--numeric', '--absolute-names', '--']),
    forEach(run, all, [
      'getfattr',
      '--dump',
      '--match=^(user|security|trusted)\\.',
      '--encoding=hex',
      '--absolute-names',
      '--',
    ]),
  ])
  const sha256 = new Map(sums.split('\0').map((line) => [line.slice(66), line.slice(0, 64)]))
  const acl = sections(acls)
  const xattrs = sections(attributes)
  return Object.fromEntries(
    entries.map(({ path, ...state }) => {
      const known = { sha256: sha256.get(path), acl: acl.get(path), xattrs: xattrs.get(path) }
      return [path, { ...state, ...Object.fromEntries(Object.entries(known).filter(([, value]) => value?.length)) }]
    }),
  )
}

async function listTrees(
  run: Run,
  paths: readonly string[],
): Promise<readonly (FileState & { readonly path: string })[]> {
  const find = ['find', ...paths, '-xdev', '!', '-type', 's', '-printf', '%y\\t%m\\t%U:%G\\t%l\\t%p\\0']
  const { stdout, stderr } = await run(find)
  const trouble = stderr.split('\n').filter((line) => line !== '' && !line.endsWith('No such file or directory'))
  if (trouble.length > 0) throw new Error(trouble.join('\n'))
  return stdout
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [kind = '', mode = '', owner = '', link = '', ...path] = line.split('\t')
      return { kind, mode, owner, ...(link === '' ? {} : { link }), path: path.join('\t') }
    })
}

async function forEach(run: Run, paths: readonly string[], argv: readonly string[]): Promise<string> {
  const ran = await run(['xargs', '--null', '--no-run-if-empty', ...argv], { input: paths.join('\0') })
  if (ran.exitCode !== 0) throw new Error(ran.stderr)
  return ran.stdout
}

/** What getfacl and getfattr print: `# file: PATH`, lines, an empty line. Overlayfs' own attributes are not the host's. */
function sections(text: string): ReadonlyMap<string, readonly string[]> {
  const parts = text.split('\n\n').filter((part) => part.startsWith('# file: '))
  return new Map(
    parts.map((part) => {
      const [head = '', ...lines] = part.trimEnd().split('\n')
      return [
        head.slice('# file: '.length),
        lines.filter((line) => !line.startsWith('#') && !line.startsWith('trusted.overlay.')),
      ]
    }),
  )
}
