/** Has a host with an agent looked at as the agent looks, by a program of ours there that keeps every answer. */
import { fileURLToPath } from 'node:url'
import type { HostDiagnosis } from '@fleetmend/shared'
import { build } from 'esbuild'
import type { HostRecord } from '../../../packages/agent/src/survey/recorded-host.ts'
import type { LiveHost } from '../live-host.ts'
import { nodeOnHost } from '../node-on-host.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const there = '/usr/lib/fleetmend/record-look.mjs'

export interface RecordedLook {
  readonly record: HostRecord
  readonly diagnosis: HostDiagnosis
}

export async function recorderBundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['test/lab/recording/record-look.ts'],
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    logLevel: 'warning',
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}

export async function putRecorder(host: Pick<LiveHost, 'must'>, bundle: Uint8Array): Promise<void> {
  await host.must(['dd', `of=${there}`, 'status=none'], { input: bundle })
}

/** `within`: words before a command line that put it where it is to look. */
export async function recordLook(
  host: Pick<LiveHost, 'must'>,
  { within = [], limitMs }: { readonly within?: readonly string[]; readonly limitMs: number },
): Promise<RecordedLook> {
  const printed = await host.must([...within, ...nodeOnHost, there], { limitMs })
  const { record, diagnosis } = JSON.parse(printed) as Printed
  const files = new Map(record.files.map(([path, base64]) => [path, Buffer.from(base64, 'base64')]))
  return { record: { ...record, files, answers: new Map(record.answers) }, diagnosis }
}

interface Printed {
  readonly record: {
    readonly host: string
    readonly takenAtMs: number
    readonly files: readonly (readonly [string, string])[]
    readonly answers: readonly (readonly [string, readonly unknown[]])[]
  }
  readonly diagnosis: HostDiagnosis
}
