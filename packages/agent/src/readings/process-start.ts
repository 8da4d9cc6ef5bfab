/** When a process started, from the ticks of `/proc/PID/stat` and `/proc/uptime`. */

/** Ticks that the kernel shows are hundredths of a second on every architecture Node runs on (USER_HZ). */
const ticksPerSecond = 100

/** Null when the text is not of its form. */
export function processStartMs(startTicks: number, uptime: string, nowMs: number): number | null {
  const seconds = /^(\d+(?:\.\d+)?) /.exec(uptime)?.[1]
  if (seconds === undefined) return null
  return Math.round(nowMs - Number(seconds) * 1000 + (startTicks / ticksPerSecond) * 1000)
}
