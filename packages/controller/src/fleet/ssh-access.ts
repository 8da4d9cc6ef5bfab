/** What a controller logs in with: by which program, with a key of its own or a given one, and where it keeps whose key a host has. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { problem, safeLine, type Problem } from '@fleetmend/shared'
import {
  newKeyPair,
  readKeyPair,
  ssh2Driver,
  systemSshDriver,
  type SshDriver,
  type SshDriverName,
  type SshOutcome,
} from '@fleetmend/ssh'
import { readIfThere, writePrivateFile } from '../store/private-folder.ts'

export interface SshAccess {
  readonly folder: string
  readonly driver: SshDriver
  /** Made from the store; only for whoever connects. */
  readonly knownHostsFile: string
  key(): Promise<SshOutcome<OwnSshKey>>
}

export interface OwnSshKey {
  readonly file: string
  /** As it stands in an authorized_keys line. */
  readonly publicKey: string
}

export interface SshAccessOptions {
  readonly dataFolder: string
  readonly fleet: string
  /** A key that exists already; left out: one in the data folder. */
  readonly keyFile?: string | undefined
  /** Left out: ssh2, which needs no process for a host. */
  readonly driver?: SshDriverName | undefined
}

export function openSshAccess({ dataFolder, fleet, keyFile, driver = 'ssh2' }: SshAccessOptions): SshAccess {
  let opened: Promise<SshOutcome<OwnSshKey>> | null = null
  return {
    folder: dataFolder,
    driver: drivers[driver](),
    knownHostsFile: join(dataFolder, 'ssh-known-hosts'),
    key() {
      opened ??= (keyFile === undefined ? ownKey(join(dataFolder, 'ssh-key'), fleet) : givenKey(keyFile)).then(
        (key) => {
          if (!key.ok) opened = null
          return key
        },
      )
      return opened
    },
  }
}

/** Nobody can be asked for a passphrase here, and no ssh_config of this machine changes where a host is. */
const drivers: Readonly<Record<SshDriverName, () => SshDriver>> = {
  ssh2: () => ssh2Driver({ askPassphrase: null }),
  system: () => systemSshDriver({ configFiles: [] }),
}

async function ownKey(file: string, fleet: string): Promise<SshOutcome<OwnSshKey>> {
  const comment = `fleetmend-controller-${fleet}`
  const there = await readIfThere(file)
  const pair = there === null ? newKeyPair(comment) : readKeyPair(there)
  if (pair === null) return { ok: false, problem: unusable(file, 'it holds no private key that could be used') }
  if (there === null) await writePrivateFile(file, pair.privateKey)
  return { ok: true, value: { file, publicKey: `${pair.publicKey} ${comment}` } }
}

async function givenKey(file: string): Promise<SshOutcome<OwnSshKey>> {
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0)
      return { ok: false, problem: unusable(file, `others may read it. If nobody did:\n    chmod 600 ${file}`) }
    const pair = readKeyPair(await readFile(file, 'utf8'))
    return pair === null
      ? {
          ok: false,
          problem: unusable(
            file,
            'it holds no private key, or one with a passphrase, which nobody here can be asked for',
          ),
        }
      : { ok: true, value: { file, publicKey: pair.publicKey } }
  } catch (error) {
    return { ok: false, problem: unusable(file, error instanceof Error ? error.message : String(error)) }
  }
}

function unusable(file: string, says: string): Problem {
  return problem('ssh-key-unusable', `Cannot use ${safeLine(file)} as the SSH key of the controller: ${says}.`)
}
