/**
 * A FastCGI request as an nginx worker would make it: over its view of the files, and only if it may connect. FPM does
 * not see who asks, so the request itself is ours; whether the worker may connect is asked of the kernel in its place.
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { readCredentials } from '../readings/proc.ts'
import { errnoWordsOf } from './errno.ts'
import { requestFastCgi } from './fastcgi.ts'
import type { FastCgiReply, FastCgiRequest } from './host.ts'
import { runTool } from './run-tool.ts'

const askLimitMs = 5000

export async function requestAs(pid: number, request: Omit<FastCgiRequest, 'asProcess'>): Promise<FastCgiReply> {
  const asWorker = workerOf(pid)
  if (asWorker === null) return { kind: 'broken', says: `process ${pid} of nginx is gone`, tookMs: 0 }
  const { address } = request
  if (!address.startsWith('unix:/')) return requestFastCgi(request)
  const path = address.slice('unix:'.length)
  const [reply, mayWrite] = await Promise.all([
    requestFastCgi({ ...request, address: `unix:${asWorker.pathHere(path)}` }),
    asWorker.may('-w', path),
  ])
  // What is not there cannot be written to either: then it depends on whether the worker gets as far as that.
  const isAbsent = reply.kind === 'cannot-connect' && reply.errno === 'ENOENT'
  const may = isAbsent ? await asWorker.may('-x', nearestFolder(path, asWorker)) : mayWrite
  const { tookMs } = reply
  if (may.kind === 'unknown')
    return { kind: 'broken', says: `whether nginx may connect could not be told: ${may.says}`, tookMs }
  if (may.kind === 'yes') return reply
  return { kind: 'cannot-connect', errno: 'EACCES', says: errnoWordsOf('EACCES'), tookMs }
}

/** The last folder on the way that is there. */
function nearestFolder(path: string, asWorker: Worker): string {
  const folder = dirname(path)
  return folder === '/' || existsSync(asWorker.pathHere(folder)) ? folder : nearestFolder(folder, asWorker)
}

type May = { readonly kind: 'yes' | 'no' } | { readonly kind: 'unknown'; readonly says: string }

interface Worker {
  /** A path of its view of the files, as this process opens it. */
  pathHere(path: string): string
  /**
   * `-w`: may it write there, which is what connect(2) asks for (`net/unix/af_unix.c`, `unix_find_bsd`); `-x`: may it look
   * for names there. Both need that every folder on the way may be searched.
   */
  may(test: '-w' | '-x', path: string): Promise<May>
}

function workerOf(pid: number): Worker | null {
  let credentials
  let sharesView
  try {
    credentials = readCredentials(readFileSync(`/proc/${pid}/status`, 'latin1'))
    sharesView = readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt')
  } catch {
    return null
  }
  if (!credentials) return null
  const { uid, gid, groups } = credentials
  const become = ['--reuid', String(uid), '--regid', String(gid)]
  const inGroups = groups.length > 0 ? ['--groups', groups.join(',')] : ['--clear-groups']
  return {
    pathHere: (path) => (sharesView ? path : `/proc/${pid}/root${path}`),
    async may(test, path) {
      const tested = [...become, ...inGroups, '--inh-caps=-all', '--bounding-set=-all', '--', 'test', test, path]
      const asked = await runTool(
        sharesView
          ? { program: 'setpriv', args: tested, limitMs: askLimitMs }
          : {
              program: 'nsenter',
              args: [`--mount=/proc/${pid}/ns/mnt`, '--', 'setpriv', ...tested],
              limitMs: askLimitMs,
            },
      )
      if (!asked.ok) return { kind: 'unknown', says: asked.says }
      const { exitCode, stderr } = asked.value
      if (exitCode === 0) return { kind: 'yes' }
      // `test` says nothing; what is said is said by those that should have become it.
      return stderr === '' ? { kind: 'no' } : { kind: 'unknown', says: stderr.trim().slice(0, 300) }
    },
  }
}
