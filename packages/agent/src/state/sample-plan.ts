/** For tests: plans put together from a few words, with real digests and HMACs. */
import {
  digestOf,
  type Act,
  type BasisItem,
  type Change,
  type ChangeOf,
  type FileState,
  type Plan,
  type PlanRecord,
} from '@fleetmend/shared'
import { hmacOf, type HostKey } from './host-key.ts'
import type { SealedBytes } from './plan-store.ts'

export interface SampleFile {
  readonly path: string
  /** Null: the file does not exist on that side. */
  readonly before: string | null
  readonly after: string | null
  readonly mode?: string
  readonly group?: string
}

export interface SamplePlan extends Partial<Omit<Plan, 'changes' | 'acts' | 'checks' | 'clears'>> {
  readonly files?: readonly SampleFile[]
  /** Changes of anything but files. */
  readonly besides?: readonly Exclude<Change, { of: 'file' }>[]
  readonly acts?: readonly Act[]
  readonly checks?: readonly Plan['checks'][number][]
  readonly clears?: readonly Plan['clears'][number][]
  /** Beyond the files it changes. */
  readonly rests?: readonly BasisItem[]
}

export const sampleMadeAtMs = Date.parse('2026-11-21T03:09:40.000Z')

export function samplePlan(
  key: HostKey,
  { files = [], besides = [], acts = [], checks = [], clears = [], rests = [], ...overrides }: SamplePlan,
): { readonly record: PlanRecord; readonly sealed: SealedBytes } {
  const changes: ChangeOf<'file'>[] = files.map((file) => ({
    of: 'file',
    path: file.path,
    before: stateOf(key, file.before, file),
    after: stateOf(key, file.after, file),
    diff: `--- ${file.path}\n`,
  }))
  const plan: Plan = {
    format: 'fleetmend.plan/1',
    host: 'web-7',
    nonce: '0123456789abcdef0123456789abcdef',
    madeAt: new Date(sampleMadeAtMs).toISOString(),
    expiresAt: new Date(sampleMadeAtMs + 3_600_000).toISOString(),
    remediations: [{ id: 'tune-pool', input: {}, because: 'It is too small.', arithmetic: [] }],
    clears: [...clears],
    checks: [...checks],
    changes: [...changes, ...besides],
    acts: [...acts],
    disturbs: [],
    warnings: [],
    basis: {
      exact: [...changes.map(({ path, before }) => ({ of: 'file' as const, path, state: before })), ...rests],
      guards: [],
    },
    watchMs: 0,
    ...overrides,
  }
  const side = (which: 'before' | 'after') => new Map(files.map((file) => [file.path, bytesOf(file[which])]))
  return {
    record: { digest: digestOf(plan), plan, forecast: [] },
    sealed: { before: side('before'), after: side('after') },
  }
}

function stateOf(key: HostKey, text: string | null, { mode = '0644', group = 'root' }: SampleFile): FileState | null {
  const bytes = bytesOf(text)
  return bytes && { hmac: hmacOf(key, bytes), bytes: bytes.length, mode, owner: 'root', group }
}

function bytesOf(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text)
}
