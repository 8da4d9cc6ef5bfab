/** A program on a host, run to its end within limits: what it said, and how it ended. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { problem, type Problem } from '@fleetmend/shared'
import type { SshConnection, SshOutcome } from './ssh-connection.ts'

export interface CommandOptions {
  /** None: it reads an empty standard input. */
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>
  /** Waiting for its turn counts. */
  readonly limitMs: number
  /** Of standard output and standard error together. */
  readonly limitBytes: number
  readonly signal?: AbortSignal
}

export interface CommandRan {
  /** Null: it was killed by `signal`, or its host did not say how it ended. */
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export async function runCommand(
  connection: SshConnection,
  command: string,
  { input, limitMs, limitBytes, signal }: CommandOptions,
): Promise<SshOutcome<CommandRan>> {
  const { alias } = connection.target
  const limit = new AbortController()
  let exceeded: Problem | null = null
  const exceed = (what: Problem): void => {
    exceeded ??= what
    limit.abort()
  }
  const timer = setTimeout(
    () => exceed(problem('timed-out', `${alias} did not finish within ${limitMs / 1000} s:\n    ${command}`)),
    limitMs,
  )
  let bytes = 0
  const collect = async (stream: Readable): Promise<Buffer> => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length
      if (bytes > limitBytes) {
        exceed(problem('ssh-answer-too-long', `${alias} sent more than ${limitBytes} bytes:\n    ${command}`))
        break
      }
      chunks.push(chunk as Buffer)
    }
    return Buffer.concat(chunks)
  }
  const unreadable: Error[] = []
  async function* given(): AsyncGenerator<Uint8Array> {
    try {
      if (input instanceof Uint8Array) yield input
      else if (input !== undefined) yield* input
    } catch (error) {
      unreadable.push(error as Error)
      throw error
    }
  }
  try {
    const started = await connection.start(command, AbortSignal.any(signal ? [limit.signal, signal] : [limit.signal]))
    if (!started.ok) return started
    const { stdio, stderr, exited } = started.value
    // A program may end without reading all of its input; that is its own affair.
    void pipeline(Readable.from(given()), stdio).catch(() => {})
    const [exit, said, complained] = await Promise.all([
      exited,
      collect(stdio).catch(() => Buffer.alloc(0)),
      collect(stderr).catch(() => Buffer.alloc(0)),
    ])
    signal?.throwIfAborted()
    for (const error of unreadable) throw error
    if (exceeded !== null) return { ok: false, problem: exceeded }
    if (exit.problem !== null) return { ok: false, problem: exit.problem }
    return { ok: true, value: { code: exit.code, signal: exit.signal, stdout: said, stderr: complained } }
  } catch (error) {
    if (exceeded !== null) return { ok: false, problem: exceeded }
    throw error
  } finally {
    clearTimeout(timer)
  }
}
