/** Debian trees for test hosts: built once with debootstrap, kept between runs, read only ever after. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, ownIdentity, type ProcessIdentity } from './processes.ts'
import { must } from './tool.ts'
import { treeRecipe, type Release, type TreeRecipe } from './tree-recipes.ts'

/** Kept between runs; a tree takes a minute or two and about 350 MB. */
const cache = process.env['FLEETMEND_CACHE'] ?? '/var/cache/fleetmend'
const mirror = process.env['FLEETMEND_MIRROR'] ?? 'http://deb.debian.org/debian'
const buildLimitMs = 15 * 60_000

/** The lower layers of a host's file system, topmost first; made if they have to be. `progress` hears why it takes long. */
export async function lowerLayers(
  release: Release,
  progress: (text: string) => void = toStderr,
  also: readonly string[] = [],
): Promise<readonly string[]> {
  const recipe = treeRecipe(release, also)
  const tree = treePath(recipe)
  for (let rounds = 0; !existsSync(tree); rounds++) {
    using lock = takeLock(`${tree}.lock`)
    if (lock === undefined) {
      if (rounds === 0) progress(`waiting for another process that is building the ${release} tree`)
      await sleep(500)
    } else if (!existsSync(tree)) {
      progress(`building the ${release} tree for test hosts: once, one to two minutes`)
      await buildTree(recipe, tree)
    }
  }
  return [layWebHost(recipe, `${tree}+${recipe.layerDigest}`), tree]
}

export function hasBaseTree(release: Release): boolean {
  return existsSync(treePath(treeRecipe(release)))
}

function treePath(recipe: TreeRecipe): string {
  return join(cache, 'trees', `${recipe.release}-${recipe.treeDigest}`)
}

/** Builds under another name, so that a tree with the right name is a whole tree. */
async function buildTree(recipe: TreeRecipe, tree: string): Promise<void> {
  const unfinished = `${tree}.unfinished`
  const downloads = join(cache, 'debs')
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(downloads, { recursive: true })
  const debootstrap = [
    'debootstrap',
    '--variant=minbase',
    `--cache-dir=${downloads}`,
    `--include=${recipe.packages.join(',')}`,
  ]
  // A tree that is lost in a crash is built again; flushing each file would take longer than unpacking it.
  await must([...debootstrap, recipe.suite, unfinished, mirror], {
    limitMs: buildLimitMs,
    env: { DPKG_FORCE: 'unsafe-io' },
  })
  for (const path of [
    'var/www/html',
    'var/cache/apt/archives',
    'var/lib/apt/lists',
    'etc/machine-id',
    'etc/hostname',
    'etc/resolv.conf',
  ]) {
    rmSync(join(unfinished, path), { recursive: true, force: true })
  }
  // Host keys belong to the tree: making new ones would cost each host more than its boot.
  if (!readdirSync(join(unfinished, 'etc/ssh')).some((name) => name.startsWith('ssh_host_')))
    await must(['chroot', unfinished, 'ssh-keygen', '-A'])
  renameSync(unfinished, tree)
}

/** From an installed Debian to a host that serves PHP and does nothing of its own accord. */
function layWebHost({ files, masked }: TreeRecipe, layer: string): string {
  if (existsSync(layer)) return layer
  const unfinished = `${layer}.unfinished-${process.pid}`
  for (const [path, text] of files) {
    mkdirSync(dirname(join(unfinished, path)), { recursive: true })
    writeFileSync(join(unfinished, path), text)
  }
  // As `systemctl mask` does it; systemctl itself refuses units that a release does not have.
  mkdirSync(join(unfinished, 'etc/systemd/system'), { recursive: true })
  for (const unit of masked) symlinkSync('/dev/null', join(unfinished, 'etc/systemd/system', unit))
  try {
    renameSync(unfinished, layer)
  } catch {
    // Another process laid the same layer in this moment.
    rmSync(unfinished, { recursive: true, force: true })
  }
  return layer
}

/** A folder with its owner's identity in it; undefined while somebody who lives has it. */
function takeLock(folder: string): Disposable | undefined {
  const prepared = `${folder}.${process.pid}`
  mkdirSync(prepared, { recursive: true })
  writeFileSync(join(prepared, 'owner'), JSON.stringify(ownIdentity()))
  const owner = ownerOf(folder)
  if (owner !== undefined && !isAlive(owner)) rmSync(folder, { recursive: true, force: true })
  try {
    // rename(2) refuses a target that is not empty: whoever comes second learns of it here.
    renameSync(prepared, folder)
    return { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
  } catch {
    rmSync(prepared, { recursive: true, force: true })
    return undefined
  }
}

function ownerOf(folder: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'owner'), 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}

function toStderr(text: string): void {
  process.stderr.write(`${text}\n`)
}
