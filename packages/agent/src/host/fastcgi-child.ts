/** The process that connects to FPM as an nginx worker would: with its user, its groups and its view of the files. */
import { readFileSync } from 'node:fs'
import { requestFastCgi } from './fastcgi.ts'
import type { FastCgiReply, FastCgiRequest } from './host.ts'
import { runTool } from './run-tool.ts'
import { readCredentials } from '../readings/proc.ts'
import type { Self } from './self.ts'

export const fastCgiCommand = 'internal-fastcgi'

/** Starting a process takes a moment that is not the host's answer. */
const startMs = 5000

export async function requestAs(
  self: Self,
  pid: number,
  request: Omit<FastCgiRequest, 'asProcess'>,
): Promise<FastCgiReply> {
  let credentials
  try {
    credentials = readCredentials(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    credentials = null
  }
  if (!credentials) return { kind: 'broken', says: `process ${pid} of nginx is gone`, tookMs: 0 }
  const { uid, gid, groups } = credentials
  const become = [
    '--reuid',
    String(uid),
    '--regid',
    String(gid),
    ...(groups.length > 0 ? ['--groups', groups.join(',')] : ['--clear-groups']),
    '--inh-caps=-all',
    '--bounding-set=-all',
  ]
  const done = await runTool({
    program: 'nsenter',
    args: [`--mount=/proc/${pid}/ns/mnt`, '--', 'setpriv', ...become, '--', self.program, ...self.args, fastCgiCommand],
    input: JSON.stringify(request),
    limitMs: request.limitMs + startMs,
  })
  if (!done.ok) return { kind: 'broken', says: `the request could not be made as nginx: ${done.says}`, tookMs: 0 }
  try {
    return JSON.parse(Buffer.from(done.value.stdout, 'latin1').toString('utf8')) as FastCgiReply
  } catch {
    return {
      kind: 'broken',
      says: `the request could not be made as nginx: ${done.value.stderr.trim().slice(0, 300)}`,
      tookMs: 0,
    }
  }
}

export async function runFastCgiChild(): Promise<number> {
  const reply = await requestFastCgi(JSON.parse(readFileSync(0, 'utf8')) as FastCgiRequest)
  process.stdout.write(JSON.stringify(reply))
  return 0
}
