/** What the processes of an agent hold, as their host sees it, and applies of which there is much to tell. */
import { digestOf, type Digest } from '@fleetmend/shared'
import type { JournalEntry } from '../../../packages/agent/src/state/journal-entry.ts'
import type { LiveHost } from '../../lab/live-host.ts'

/** Those that answer somebody, or hand on what is answered; not those that carry out an apply. */
const inEach = (print: string): string =>
  `for p in /proc/[0-9]*; do case "$(tr '\\0' ' ' < $p/cmdline)" in *fleetmend-agent*serve*|*internal-answer*|*fleetmend-agent*stdio*) ${print};; esac; done 2>/dev/null`

/** The most that they hold together, looked at until this is over and nothing moves any more. */
export async function mostMemoryMiB(host: LiveHost, during: Promise<unknown> = Promise.resolve()): Promise<number> {
  const at = { isOver: false }
  let [most, last] = [0, 0]
  const over = during.finally(() => {
    at.isOver = true
  })
  for (let stillFor = 0; stillFor < 3 || !at.isOver;) {
    const now = await memoryMiB(host)
    stillFor = Math.abs(now - last) < 1 ? stillFor + 1 : 0
    most = Math.max(most, now)
    last = now
  }
  await over
  return most
}

async function memoryMiB(host: LiveHost): Promise<number> {
  const rollups = await host.must(['sh', '-c', `${inEach('cat $p/smaps_rollup')}; true`])
  return [...rollups.matchAll(/^Pss:\s+(\d+) kB/gm)].reduce((sum, [, kiB]) => sum + Number(kiB), 0) / 1024
}

/** Files that are watched by inotify (proc_pid_fdinfo(5)): an apply is followed by watching its journal. */
export async function watchersOf(host: LiveHost): Promise<number> {
  const infos = await host.must(['sh', '-c', `${inEach('cat $p/fdinfo/*')}; true`])
  return [...infos.matchAll(/^inotify wd:/gm)].length
}

/** Applies of years ago, each with so many characters to be told of it, for as long as they are needed. */
export async function withLongApplies(
  host: LiveHost,
  count: number,
  characters: number,
): Promise<AsyncDisposable & { readonly plans: readonly Digest[] }> {
  const ids = Array.from({ length: count }, (_, n) => `a-20200101-00000${n}-0000`)
  for (const id of ids) {
    const admitted: JournalEntry = {
      entry: 'admitted',
      at: '2020-01-01T00:00:00.000Z',
      says: 'x'.repeat(characters),
      apply: id,
      host: host.name,
      plan: digestOf(id),
      remediations: [],
      authority: { kind: 'local-root', by: ['root'] },
    }
    await host.must(['mkdir', `/var/lib/fleetmend/applies/${id}`])
    await host.writeFile(`/var/lib/fleetmend/applies/${id}/journal.jsonl`, `${JSON.stringify(admitted)}\n`)
  }
  return {
    plans: ids.map((id) => digestOf(id)),
    async [Symbol.asyncDispose]() {
      await host.must(['rm', '-r', ...ids.map((id) => `/var/lib/fleetmend/applies/${id}`)])
    },
  }
}
