/** When a process of this host started, by the clock of now. */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { processStartMs } from '../readings/process-start.ts'

/** `startTicks`: as `/proc/PID/stat` has it. Null: `/proc/uptime` could not be read. */
export async function startedAtMs(host: ReadHost, startTicks: number): Promise<number | null> {
  const uptime = await host.readFile('/proc/uptime')
  return uptime.ok ? processStartMs(startTicks, textOf(uptime.value), host.nowMs()) : null
}
