/**
 * A signature as `ssh-keygen -Y sign` writes it (OpenSSH, PROTOCOL.sshsig). A key in an ssh-agent signs through the agent;
 * a key file is left to ssh-keygen itself, which knows encrypted keys, asks for their passphrase on the terminal or through
 * SSH_ASKPASS, and speaks to hardware keys: no private key and no passphrase ever comes into this process.
 */
import { spawn } from 'node:child_process'
import {
  armoredSignature,
  bytesToSign,
  problem,
  safeLine,
  verifySshSignature,
  type Problem,
  type Signable,
} from '@fleetmend/shared'
import type { Signer } from './choose-key.ts'
import { signWithAgent } from './ssh-agent.ts'

export type Signed =
  | { readonly ok: true; readonly signature: string }
  | { readonly ok: false; readonly problem: Problem }

/** How a person knows it again. */
export function signerWords(signer: Signer): string {
  return signer.kind === 'file'
    ? safeLine(signer.path)
    : `${safeLine(signer.key.comment)} in your ssh-agent (${signer.key.fingerprint})`
}

/** `say`: what ssh-keygen says meanwhile, as that a hardware key is to be touched. */
export async function sign(signable: Signable, signer: Signer, say: (text: string) => void): Promise<Signed> {
  return signer.kind === 'file' ? signWithFile(signable, signer.path, say) : signInAgent(signable, signer)
}

async function signInAgent(
  { message, namespace }: Signable,
  { socketPath, key }: Extract<Signer, { kind: 'agent' }>,
): Promise<Signed> {
  const signed = await signWithAgent(socketPath, key, bytesToSign(message, namespace))
  if (!signed.ok) return refuse(`Your ssh-agent did not sign with ${key.fingerprint}: ${signed.says}.`)
  const signature = armoredSignature(key.blob, namespace, signed.value)
  const verified = verifySshSignature(signature, message, namespace)
  return verified.ok ? { ok: true, signature } : refuse(`What your ssh-agent signed does not count: ${verified.says}.`)
}

function signWithFile({ message, namespace }: Signable, path: string, say: (text: string) => void): Promise<Signed> {
  return new Promise((resolve) => {
    const child = spawn('ssh-keygen', ['-Y', 'sign', '-q', '-n', namespace, '-f', path], {
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
    child.stdin.end(message)
    child.on('error', ({ message: why }) => resolve(refuse(`ssh-keygen cannot be run: ${why}. It comes with OpenSSH.`)))
    child.on('close', (code) =>
      resolve(
        code === 0
          ? { ok: true, signature }
          : refuse(`ssh-keygen did not sign with ${path}${complaint === '' ? '' : `: ${complaint.trim()}`}`),
      ),
    )
  })
}

function refuse(detail: string): Signed {
  return { ok: false, problem: problem('cannot-sign', detail) }
}
