/**
 * Asking an ssh-agent for its keys and for a signature (draft-miller-ssh-agent): the key stays in the agent, which may ask
 * its owner for a touch or a word meanwhile.
 */
import { connect } from 'node:net'
import { readSshPublicKey, SshEncodingError, sshReader, sshString } from '@fleetmend/shared'

export interface AgentKey {
  readonly fingerprint: string
  /** What its owner calls it. */
  readonly comment: string
  readonly blob: Buffer
  readonly type: string
}

export type AgentAnswer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly says: string }

const requestIdentities = 11
const identitiesAnswer = 12
const signRequest = 13
const signResponse = 14

/** Without it an agent signs for an RSA key with SHA-1, which nobody accepts any more. */
const rsaSha512 = 4

/** Keys of kinds that can approve; certificates and others are left out. */
export async function agentKeys(socketPath: string): Promise<AgentAnswer<readonly AgentKey[]>> {
  const answer = await ask(socketPath, Buffer.from([requestIdentities]), listLimitMs)
  return answer.ok ? reading(answer.value, identitiesAnswer, readKeys) : answer
}

/** The signature in wire form: algorithm and what belongs to it. */
export async function signWithAgent(
  socketPath: string,
  { blob, type }: AgentKey,
  data: Uint8Array,
): Promise<AgentAnswer<Buffer>> {
  const flags = Buffer.alloc(4)
  flags.writeUInt32BE(type === 'ssh-rsa' ? rsaSha512 : 0)
  const request = Buffer.concat([Buffer.from([signRequest]), sshString(blob), sshString(data), flags])
  const answer = await ask(socketPath, request, null)
  return answer.ok ? reading(answer.value, signResponse, (reader) => reader.string()) : answer
}

function readKeys(reader: ReturnType<typeof sshReader>): readonly AgentKey[] {
  const keys: AgentKey[] = []
  for (let left = reader.uint32(); left > 0; left--) {
    const blob = reader.string()
    const comment = reader.string().toString('utf8')
    const key = readSshPublicKey(blob)
    if (key.ok) keys.push({ fingerprint: key.value.fingerprint, comment, blob, type: key.value.type })
  }
  return keys
}

function reading<Value>(
  answer: Buffer,
  expected: number,
  read: (reader: ReturnType<typeof sshReader>) => Value,
): AgentAnswer<Value> {
  try {
    const reader = sshReader(answer)
    if (reader.byte() !== expected) return { ok: false, says: 'the agent refused' }
    const value = read(reader)
    reader.end()
    return { ok: true, value }
  } catch (error) {
    if (error instanceof SshEncodingError) return { ok: false, says: `the agent answered nonsense: ${error.message}` }
    throw error
  }
}

const listLimitMs = 10_000
/** As in OpenSSH (`AGENT_MAX_LEN`). */
const mostBytes = 256 * 1024

/** One message there and one back. `limitMs` null: for as long as its owner takes. */
function ask(path: string, message: Buffer, limitMs: number | null): Promise<AgentAnswer<Buffer>> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const timer =
      limitMs === null ? undefined : setTimeout(() => end({ ok: false, says: 'it does not answer' }), limitMs)
    let read = Buffer.alloc(0)
    function end(answer: AgentAnswer<Buffer>): void {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    socket.on('error', ({ message: why }) => end({ ok: false, says: why }))
    socket.on('close', () => end({ ok: false, says: 'it hung up' }))
    socket.on('data', (chunk: Buffer) => {
      read = Buffer.concat([read, chunk])
      if (read.length < 4) return
      const length = read.readUInt32BE(0)
      if (length > mostBytes) end({ ok: false, says: 'its answer is too long' })
      else if (read.length >= 4 + length) end({ ok: true, value: read.subarray(4, 4 + length) })
    })
    socket.write(sshString(message))
  })
}
