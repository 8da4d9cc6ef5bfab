/** A signature of a manifest, made by `ssh-keygen` (OpenSSH, PROTOCOL.sshsig): keys, agents and tokens stay its business. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { APPROVAL_NAMESPACE, manifestBytes, problem, type Manifest, type Problem } from '@fleetmend/shared'

export type Signed =
  | { readonly ok: true; readonly signature: string }
  | { readonly ok: false; readonly problem: Problem }

export function defaultKey(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['FLEETMEND_KEY'] ?? join(homedir(), '.ssh', 'id_ed25519')
}

/** `say`: what ssh-keygen says meanwhile, as that a hardware key is to be touched. A passphrase it asks for itself. */
export function sign(manifest: Manifest, key: string, say: (text: string) => void): Promise<Signed> {
  if (!existsSync(key))
    return Promise.resolve(
      refuse(`There is no key ${key}. Name yours with --key, or make one:\n    ssh-keygen -t ed25519`),
    )
  return new Promise((resolve) => {
    const child = spawn('ssh-keygen', ['-Y', 'sign', '-q', '-n', APPROVAL_NAMESPACE, '-f', key], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let signature = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (signature += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
      say(text)
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(manifestBytes(manifest))
    child.on('error', ({ message }) => resolve(refuse(`ssh-keygen cannot be run: ${message}. It comes with OpenSSH.`)))
    child.on('close', (code) =>
      resolve(
        code === 0
          ? { ok: true, signature }
          : refuse(`ssh-keygen did not sign with ${key}${complaint === '' ? '' : `: ${complaint.trim()}`}`),
      ),
    )
  })
}

function refuse(detail: string): Signed {
  return { ok: false, problem: problem('cannot-sign', detail) }
}
