/** Host keys for tests, made by ssh-keygen. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SampleKey {
  /** As it stands in a known_hosts line. */
  readonly text: string
  readonly blob: Buffer
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string
}

export function sampleHostKey(...type: readonly string[]): SampleKey {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-host-key-'))
  try {
    const file = join(folder, 'key')
    keygen('-q', '-N', '', '-C', '', '-f', file, ...type)
    const text = readFileSync(`${file}.pub`, 'utf8').trim()
    const [, base64 = ''] = text.split(' ')
    const [, fingerprint = ''] = keygen('-lf', `${file}.pub`).split(' ')
    return { text, blob: Buffer.from(base64, 'base64'), fingerprint }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function keygen(...args: readonly string[]): string {
  const { stdout, stderr, status, error } = spawnSync('ssh-keygen', args, { encoding: 'utf8' })
  if (error || status !== 0) throw error ?? new Error(stderr)
  return stdout
}
