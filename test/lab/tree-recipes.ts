/** What test hosts stand on: a Debian tree, and a thin layer over it that makes it a web host with nothing else to do. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Release = 'debian11' | 'debian12' | 'debian13'

export interface TreeRecipe {
  readonly release: Release
  readonly suite: string
  readonly packages: readonly string[]
  /** Names the tree: what debootstrap makes of the packages, which takes minutes. */
  readonly treeDigest: string
  /** `tree/` and the masked units, laid over it: path to text. Made in no time. */
  readonly files: ReadonlyMap<string, string>
  readonly masked: readonly string[]
  readonly layerDigest: string
}

const releases: Readonly<Record<Release, { readonly suite: string; readonly php: string }>> = {
  debian11: { suite: 'bullseye', php: '7.4' },
  debian12: { suite: 'bookworm', php: '8.2' },
  debian13: { suite: 'trixie', php: '8.4' },
}

/** A web host as people install it, without manual pages. */
const packages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'cron', 'logrotate', 'sudo', 'openssh-server', 'ca-certificates'],
  ...['iproute2', 'procps', 'curl', 'acl', 'attr', 'nginx'],
]

/** Units that would only disturb a test: they run things at times of their own, or wait for hardware. */
const masked = [
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'e2scrub_all.timer',
    'fstrim.timer',
    'logrotate.timer',
    'man-db.timer',
  ],
  ...['phpsessionclean.timer', 'dpkg-db-backup.timer', 'console-getty.service', 'systemd-resolved.service'],
  ...['systemd-networkd-wait-online.service'],
]

/** Goes up when `base-tree.ts` does something else to a new tree. */
const treeVersion = 1

const overlay = fileURLToPath(new URL('tree/', import.meta.url))

/** `also`: packages beside those of every web host, which make it another tree. */
export function treeRecipe(release: Release, also: readonly string[] = []): TreeRecipe {
  const { suite, php } = releases[release]
  const installed = [...packages, `php${php}-fpm`, ...also]
  const files = overlayFiles(php)
  return {
    ...{ release, suite, packages: installed, files, masked },
    treeDigest: digest([suite, installed, treeVersion]),
    layerDigest: digest([[...files], masked]),
  }
}

function digest(recipe: unknown): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12)
}

function overlayFiles(php: string): ReadonlyMap<string, string> {
  const entries = readdirSync(overlay, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted()
  return new Map(
    paths.map((path) => [path.slice(overlay.length), readFileSync(path, 'utf8').replaceAll('PHP_VERSION', php)]),
  )
}
