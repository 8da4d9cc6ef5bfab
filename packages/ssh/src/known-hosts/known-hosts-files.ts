/** The known_hosts files of a target on this machine: what they say of its key, and a new key written down. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { problem, safeLine } from '@fleetmend/shared'
import { hashedName, hostKeyTypeOf, readKnownHosts } from '../readings/known-hosts.ts'
import type { SshOutcome } from '../ssh-connection.ts'
import type { SshTarget } from '../ssh-target.ts'
import {
  hostKeyAlgorithms,
  judgeHostKey,
  knownHostsName,
  type HostKeyAlgorithm,
  type HostKeyVerdict,
  type KnownKey,
} from './judge-host-key.ts'

type KnownTarget = Pick<
  SshTarget,
  'hostName' | 'port' | 'hostKeyAlias' | 'knownHostsFiles' | 'newKeysFile' | 'hashKnownHosts'
>

export interface KnownHosts {
  /** To ask for when connecting, the best first. */
  readonly algorithms: readonly HostKeyAlgorithm[]
  /** Of a key in its wire form. */
  judge(presented: Buffer): HostKeyVerdict
}

export async function knownHostsOf(target: KnownTarget): Promise<SshOutcome<KnownHosts>> {
  const keys: KnownKey[] = []
  for (const file of target.knownHostsFiles) {
    const text = await textOf(file)
    // What cannot be read may hold the key that was revoked.
    if (!text.ok) return unusable(file, text.says)
    for (const line of readKnownHosts(text.value)) keys.push({ ...line, file })
  }
  return {
    ok: true,
    value: {
      algorithms: hostKeyAlgorithms(keys, target),
      judge: (presented) => judgeHostKey(keys, target, presented),
    },
  }
}

/**
 * Writes down the key of a host that was unknown, as `StrictHostKeyChecking accept-new` does, and answers with how it is
 * judged from then on. The files are read again first: where somebody else was faster, theirs stands.
 */
export async function acceptHostKey(target: KnownTarget, presented: Buffer): Promise<SshOutcome<HostKeyVerdict>> {
  const before = await knownHostsOf(target)
  if (!before.ok) return before
  const verdict = before.value.judge(presented)
  const type = hostKeyTypeOf(presented)
  if (verdict.kind !== 'unknown' || type === null || target.newKeysFile === null) return { ok: true, value: verdict }
  const name = knownHostsName(target)
  const names = target.hashKnownHosts ? hashedName(name, randomBytes(20)) : name
  const failed = await append(target.newKeysFile, `${names} ${type} ${presented.toString('base64')}\n`)
  if (failed !== null) return unusable(target.newKeysFile, failed)
  const after = await knownHostsOf(target)
  return after.ok ? { ok: true, value: after.value.judge(presented) } : after
}

/** One write at the end of the file (open(2), O_APPEND): who appends at the same time loses nothing. Null: it is on disk. */
async function append(file: string, line: string): Promise<string | null> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await using handle = await open(file, 'a+', 0o600)
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    // Half a line at the end, by somebody's editor or a full disk, is not made a whole one with ours in it.
    const bytes = Buffer.from(bytesRead === 1 && buffer[0] !== 0x0a ? `\n${line}` : line)
    const { bytesWritten } = await handle.write(bytes)
    if (bytesWritten !== bytes.length) return 'there is no space for another line'
    await handle.datasync()
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

async function textOf(
  file: string,
): Promise<{ readonly ok: true; readonly value: string } | { readonly ok: false; readonly says: string }> {
  try {
    return { ok: true, value: await readFile(file, 'latin1') }
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
    return isMissing ? { ok: true, value: '' } : { ok: false, says: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function unusable(file: string, says: string) {
  return {
    ok: false,
    problem: problem(
      'ssh-known-hosts-unusable',
      `Cannot use ${safeLine(file)}, which says whose key a host has: ${safeLine(says)}.`,
    ),
  } as const
}
