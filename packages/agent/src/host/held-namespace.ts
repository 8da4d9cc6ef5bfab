/** A private mount namespace that lives as long as it is held: a process that only waits keeps it, and ends with this one. */
import { spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Read } from './host.ts'
import { toolEnvironment } from './run-tool.ts'

export interface HeldNamespace extends AsyncDisposable {
  /** Of the process that holds it. */
  readonly pid: number
  /** Arguments of `nsenter` that go before the program to be run inside. */
  readonly inside: readonly string[]
  /** A path inside as this process can open it. */
  at(path: string): string
}

export function holdNamespace(limitMs: number): Promise<Read<HeldNamespace>> {
  return new Promise((resolve) => {
    // `cat` ends when its input does, which the death of this process sees to.
    const [program, ...args] = [...asTheHostSeesIt(), 'unshare', '--mount', '--propagation', 'private', '--', 'cat']
    const holder = spawn(program, args, {
      detached: true,
      env: toolEnvironment,
      stdio: 'pipe',
    })
    let stderr = ''
    const failed = (says: string): void => {
      clearTimeout(limit)
      holder.kill('SIGKILL')
      resolve({ ok: false, why: 'failed', says })
    }
    const limit = setTimeout(() => failed(`unshare gave no answer in ${limitMs / 1000} s`), limitMs)
    holder.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')))
    holder.stdin.on('error', () => undefined)
    holder.on('error', (error) => failed(error.message))
    const ended = new Promise<void>((hasEnded) => {
      holder.on('close', () => {
        hasEnded()
        failed(stderr)
      })
    })
    // What comes back has been through the namespace: by now it is there.
    holder.stdout.once('data', () => {
      clearTimeout(limit)
      const { pid = 0 } = holder
      // It waits for us to end, so nothing of it may keep us from ending.
      holder.unref()
      for (const stream of holder.stdio) if (stream instanceof Socket) stream.unref()
      resolve({
        ok: true,
        value: {
          pid,
          inside: [`--mount=/proc/${pid}/ns/mnt`, '--'],
          at: (path) => `/proc/${pid}/root${path}`,
          async [Symbol.asyncDispose]() {
            holder.ref()
            holder.stdin.end()
            await ended
          },
        },
      })
    })
    holder.stdin.write('\n')
  })
}

/**
 * A unit that may write nowhere sees file systems that are read-only. What is tried out has to meet them as the services
 * do, or it fails for a reason of ours.
 */
function asTheHostSeesIt(): readonly string[] {
  try {
    const isSame = readlinkSync('/proc/self/ns/mnt') === readlinkSync('/proc/1/ns/mnt')
    return isSame ? [] : ['nsenter', '--mount=/proc/1/ns/mnt', '--']
  } catch {
    return []
  }
}
