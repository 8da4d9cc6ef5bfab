/**
 * The work behind `fleetmend agent install` and `uninstall` on the host itself: a document on standard input, a line with
 * another on standard output. Once begun it is carried to its end, whether somebody still waits for it or not.
 */
import { dirname } from 'node:path'
import { exitCodes, InstallationRequest, problem, type ProblemDocument } from '@fleetmend/shared'
import type { Host } from '../host/host.ts'
import { runningSelf } from '../host/self.ts'
import { answerRequest } from '../install/answer-request.ts'
import { linuxServices } from '../install/linux-services.ts'

/** The two files that may come with it have their own limits. */
const limitBytes = 16 * 1024 * 1024

export async function installHere(host: Host): Promise<number> {
  for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined)
  process.stdout.on('error', () => undefined)
  const request = InstallationRequest.safeParse(parsed(await wholeInput(process.stdin)))
  if (!request.success) return print({ format: 'fleetmend.problem/1', problem: notUnderstood })
  if (process.geteuid?.() !== 0)
    return print({ format: 'fleetmend.problem/1', problem: problem('not-root', 'Installing an agent takes root.') })
  const entry = runningSelf().args.at(-1) ?? ''
  const here = {
    root: '',
    services: linuxServices(host),
    folder: dirname(entry),
    sleep: (ms: number) => host.sleep(ms),
  }
  try {
    return print(await answerRequest(request.data, here))
  } catch (error) {
    const says = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return print({ format: 'fleetmend.problem/1', problem: problem('internal', says) })
  }
}

const notUnderstood = problem('not-spoken-here', 'The agent there does not understand what is asked of it.')

async function wholeInput(input: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of input) {
    bytes += chunk.length
    if (bytes > limitBytes) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function print(document: ProblemDocument | { readonly format: string }): number {
  process.stdout.write(`${JSON.stringify(document)}\n`)
  return exitCodes.done
}
