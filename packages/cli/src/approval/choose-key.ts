/**
 * With which key a person signs: the one they name, else the one in their ssh-agent that the controller knows as an
 * approver's, else a key file where ssh looks for one. Where several would do, nothing is guessed.
 */
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { problem, readSshPublicKey, safeLine, type Approver, type Problem } from '@fleetmend/shared'
import { agentKeys, type AgentKey } from './ssh-agent.ts'

export type Signer =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'agent'; readonly socketPath: string; readonly key: AgentKey }

export type Chosen = { readonly ok: true; readonly signer: Signer } | { readonly ok: false; readonly problem: Problem }

export interface KeyWanted {
  /** A key file, a fingerprint or the name of an approver, as given with `--key`. */
  readonly named: string | undefined
  readonly approvers: readonly Approver[]
  readonly namespace: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

export async function chooseKey({ named, approvers, namespace, environment }: KeyWanted): Promise<Chosen> {
  const socketPath = environment['SSH_AUTH_SOCK'] ?? ''
  const wanted = named ?? environment['FLEETMEND_KEY']
  if (wanted !== undefined && isFile(wanted)) return { ok: true, signer: { kind: 'file', path: wanted } }
  const answer = socketPath === '' ? null : await agentKeys(socketPath)
  const held = answer?.ok ? answer.value : []
  const mayApprove = approvers.filter(({ namespaces }) => namespaces === null || namespaces.includes(namespace))
  const principalOf = (key: AgentKey) =>
    mayApprove.find(({ fingerprint }) => fingerprint === key.fingerprint)?.principal

  const fitting = held.filter((key) =>
    wanted === undefined ? principalOf(key) !== undefined : [key.fingerprint, principalOf(key)].includes(wanted),
  )
  const [one, ...others] = fitting
  if (one && others.length === 0) return { ok: true, signer: { kind: 'agent', socketPath, key: one } }
  if (one) return refuse(`Several keys in your ssh-agent would do. Name one with --key:\n${linesOf(fitting)}`)
  if (wanted !== undefined) {
    const agent =
      answer === null
        ? 'there is no ssh-agent'
        : answer.ok
          ? 'your ssh-agent has none of that name'
          : `your ssh-agent cannot be asked (${answer.says})`
    const list = held.length > 0 ? ` It has:\n${linesOf(held)}` : ''
    return refuse(`There is no key ${safeLine(wanted)}: no such file, and ${agent}.${list}`)
  }
  return fileThatSshWouldUse(environment['HOME'] ?? homedir(), mayApprove)
}

/** In the order of ssh(1), the one of an approver first. */
const fileNames = ['id_ed25519', 'id_ed25519_sk', 'id_ecdsa', 'id_ecdsa_sk', 'id_rsa']

function fileThatSshWouldUse(home: string, approvers: readonly Approver[]): Chosen {
  const paths = fileNames.map((name) => join(home, '.ssh', name)).filter(isFile)
  const path =
    paths.find((each) => approvers.some(({ fingerprint }) => fingerprint === fingerprintOf(each))) ?? paths[0]
  if (path !== undefined) return { ok: true, signer: { kind: 'file', path } }
  return refuse(
    'There is no key to sign with, neither in an ssh-agent nor in ~/.ssh. Name yours with --key, or make one:\n    ssh-keygen -t ed25519',
  )
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    // A fingerprint, a name, or what nobody here may look at.
    return false
  }
}

/** From the public half that lies beside a key file; undefined where none can be read. */
function fingerprintOf(path: string): string | undefined {
  try {
    const [, base64 = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ')
    const key = readSshPublicKey(Buffer.from(base64, 'base64'))
    return key.ok ? key.value.fingerprint : undefined
  } catch {
    return undefined
  }
}

function linesOf(keys: readonly AgentKey[]): string {
  return keys.map(({ fingerprint, comment }) => `    --key ${fingerprint}  ${safeLine(comment)}`).join('\n')
}

function refuse(detail: string): Chosen {
  return { ok: false, problem: problem('cannot-sign', detail) }
}
