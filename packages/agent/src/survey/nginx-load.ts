/** Whether nginx runs with what is on disk, asked by itself: acting rests on nothing that was read for a diagnosis. */
import type { Read, ReadHost } from '../host/host.ts'
import { readNginxConfig } from '../readings/nginx-config.ts'
import { newestChange } from './capacity-facts.ts'
import { readWithFiles } from './config-files.ts'
import { findNginx, startedWith } from './nginx-facts.ts'
import { nginxLoadedAtMs } from './nginx-load-time.ts'
import { readUnits } from './units.ts'

export interface NginxLoad {
  /** When the newest of its files was changed. */
  readonly modifiedMs: number | null
  readonly loadedAtMs: number | null
}

export async function readNginxLoad(host: ReadHost): Promise<Read<NginxLoad>> {
  const [processes, units] = [await host.processes(), await readUnits(host)]
  if (!processes.ok) return processes
  if (!units.ok) return units
  const { master } = await findNginx(host, units.value.nginx, processes.value)
  const { main } = startedWith(master)
  const reading = await readWithFiles(host, (sources) => readNginxConfig(main, sources.read, sources.glob))
  if (!reading.ok) return { ok: false, why: 'failed', says: reading.says }
  const paths = reading.value.files.map(({ path }) => path)
  return {
    ok: true,
    value: {
      modifiedMs: await newestChange(host, paths),
      loadedAtMs: await nginxLoadedAtMs(host, master, processes.value),
    },
  }
}
