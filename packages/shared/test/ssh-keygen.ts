/**
 * Stock `ssh-keygen` as signer and as oracle: keys in a folder of their own, gone with the scope. Nothing is made before
 * it is used, so that a suite that is skipped for want of ssh-keygen can still be read.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const env = { LC_ALL: 'C', PATH: '/usr/bin:/bin' }

export const hasSshKeygen = spawnSync('ssh-keygen', ['-?'], { env }).error === undefined

export interface SshKey {
  /** Of the private half. */
  readonly path: string
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string
  /** `SHA256:…`, as `ssh-keygen -l` says it. */
  readonly fingerprint: string
  sign(message: Uint8Array, namespace: string, options?: readonly string[]): string
}

export interface SshKeygen extends Disposable {
  key(type: string, bits?: number): SshKey
  /** Whether `ssh-keygen -Y verify` accepts the signature as this principal's. */
  verify(allowedSigners: string, principal: string, namespace: string, message: Uint8Array, signature: string): boolean
  /** The principals that `ssh-keygen -Y find-principals` finds for a signature. */
  findPrincipals(allowedSigners: string, signature: string): readonly string[]
}

export function sshKeygen(): SshKeygen {
  const folder = once(() => mkdtempSync(join(tmpdir(), 'fleetmend-keys-')))
  let count = 0
  const run = (args: readonly string[], input?: Uint8Array): string =>
    execFileSync('ssh-keygen', args, { env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
  const file = (text: string): string => {
    const path = join(folder(), `file-${++count}`)
    writeFileSync(path, text)
    return path
  }

  return {
    key(type, bits) {
      const made = once(() => {
        const path = join(folder(), `key-${++count}`)
        run(['-q', '-t', type, ...(bits === undefined ? [] : ['-b', String(bits)]), '-N', '', '-C', '', '-f', path])
        return path
      })
      const fingerprint = once(() => run(['-l', '-f', made()]).split(' ')[1] ?? '')
      return {
        get path() {
          return made()
        },
        get publicKey() {
          return readFileSync(`${made()}.pub`, 'utf8').trim()
        },
        get fingerprint() {
          return fingerprint()
        },
        sign: (message, namespace, options = []) =>
          run(['-Y', 'sign', '-q', '-f', made(), '-n', namespace, ...options], message),
      }
    },
    verify(allowedSigners, principal, namespace, message, signature) {
      const args = ['-Y', 'verify', '-f', file(allowedSigners), '-I', principal, '-n', namespace, '-s', file(signature)]
      return spawnSync('ssh-keygen', args, { env: { ...env, TZ: process.env['TZ'] }, input: message }).status === 0
    },
    findPrincipals(allowedSigners, signature) {
      const args = ['-Y', 'find-principals', '-f', file(allowedSigners), '-s', file(signature)]
      const { status, stdout } = spawnSync('ssh-keygen', args, { env, encoding: 'utf8' })
      return status === 0 ? stdout.trim().split(/[\n,]/) : []
    },
    [Symbol.dispose]: () => rmSync(folder(), { recursive: true, force: true }),
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: make() }).value
}
