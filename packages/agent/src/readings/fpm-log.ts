/** Lines of the FPM log (and of FPM's lines in the journal). */

export type FpmLogEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'running'; readonly pid: number }
  | { readonly event: 'reloading' }
  | { readonly event: 'exec' }
  | { readonly event: 'finishing' }
  | { readonly event: 'terminating' }
  | { readonly event: 'bye' }
  | { readonly event: 'max-children'; readonly pool: string; readonly maxChildren: number }
  | { readonly event: 'seems-busy'; readonly pool: string }
  | {
      readonly event: 'child-exited'
      readonly pool: string
      readonly pid: number
      readonly code: number
      readonly afterSeconds: number
    }
  | {
      readonly event: 'child-signalled'
      readonly pool: string
      readonly pid: number
      readonly signal: number
      readonly name: string
      readonly afterSeconds: number
    }
  | { readonly event: 'terminated-by-timeout'; readonly pool: string; readonly pid: number; readonly seconds: number }
  | { readonly event: 'slow'; readonly pool: string; readonly pid: number; readonly seconds: number }
  | { readonly event: 'config-error' }
  | { readonly event: 'init-failed' }
  | { readonly event: 'other' }

export type FpmLogEntry = FpmLogEvent & {
  readonly level: 'DEBUG' | 'NOTICE' | 'WARNING' | 'ERROR' | 'ALERT'
  /** Local time of the master without a zone, as `YYYY-MM-DDTHH:MM:SS`; null for lines without a timestamp. */
  readonly localTime: string | null
  readonly text: string
}

/** With log_level = debug every line says where it was written, too: `pid 103, fpm_event_loop(), line 379: ` (`zlog.c`). */
const PREFIX =
  /^\[(\d{2})-(\w{3})-(\d{4}) (\d{2}:\d{2}:\d{2})(?:\.\d+)?\] (DEBUG|NOTICE|WARNING|ERROR|ALERT): (?:pid \d+, \w+\(\), line \d+: )?(.*)$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Lines without FPM's own prefix (worker output that was not decorated, wrapped lines) are not FPM's word: left out. */
export function readFpmLog(text: string): readonly FpmLogEntry[] {
  return text.split('\n').flatMap((line) => {
    const match = PREFIX.exec(line.trimEnd())
    if (!match) return []
    const [, day, month = '', year, time, level, body = ''] = match
    const localTime = `${year}-${String(months.indexOf(month) + 1).padStart(2, '0')}-${day}T${time}`
    return [{ ...readFpmMessage(body), level: level as FpmLogEntry['level'], localTime, text: body }]
  })
}

type Pattern = readonly [pattern: RegExp, read: (groups: Readonly<Record<string, string>>) => FpmLogEvent]

/** Whole messages as `fpm_children.c`, `fpm_process_ctl.c` and `fpm_request.c` write them. */
const patterns: readonly Pattern[] = [
  [/^ready to handle connections$/, () => ({ event: 'ready' })],
  [/^fpm is running, pid (?<pid>\d+)$/, ({ pid }) => ({ event: 'running', pid: Number(pid) })],
  [/^Reloading in progress \.\.\.$/, () => ({ event: 'reloading' })],
  [/^reloading: execvp\(/, () => ({ event: 'exec' })],
  [/^Finishing \.\.\.$/, () => ({ event: 'finishing' })],
  [/^Terminating \.\.\.$/, () => ({ event: 'terminating' })],
  [/^exiting, bye-bye!$/, () => ({ event: 'bye' })],
  [
    /^\[pool (?<pool>\S+)\] server reached (?:pm\.)?max_children setting \((?<n>\d+)\)/,
    ({ pool = '', n }) => ({ event: 'max-children', pool, maxChildren: Number(n) }),
  ],
  [/^\[pool (?<pool>\S+)\] seems busy /, ({ pool = '' }) => ({ event: 'seems-busy', pool })],
  [
    /^\[pool (?<pool>\S+)\] child (?<pid>\d+) exited with code (?<code>\d+) after (?<s>[\d.]+) seconds/,
    ({ pool = '', pid, code, s }) => ({
      event: 'child-exited',
      pool,
      pid: Number(pid),
      code: Number(code),
      afterSeconds: Number(s),
    }),
  ],
  [
    /^\[pool (?<pool>\S+)\] child (?<pid>\d+) exited on signal (?<signal>\d+) \((?<name>\w+)[^)]*\) after (?<s>[\d.]+) seconds/,
    ({ pool = '', pid, signal, name = '', s }) => ({
      event: 'child-signalled',
      pool,
      pid: Number(pid),
      signal: Number(signal),
      name,
      afterSeconds: Number(s),
    }),
  ],
  [
    /^\[pool (?<pool>\S+)\] child (?<pid>\d+), script '.*execution timed out \((?<s>[\d.]+) sec\), terminating$/,
    ({ pool = '', pid, s }) => ({ event: 'terminated-by-timeout', pool, pid: Number(pid), seconds: Number(s) }),
  ],
  [
    /^\[pool (?<pool>\S+)\] child (?<pid>\d+), script '.*executing too slow \((?<s>[\d.]+) sec\), logging$/,
    ({ pool = '', pid, s }) => ({ event: 'slow', pool, pid: Number(pid), seconds: Number(s) }),
  ],
  [/^FPM initialization failed$/, () => ({ event: 'init-failed' })],
  [/^failed to (?:load configuration file|post process the configuration)/, () => ({ event: 'config-error' })],
]

/** One message without prefix, e.g. from the journal. */
export function readFpmMessage(text: string): FpmLogEvent {
  for (const [pattern, read] of patterns) {
    const match = pattern.exec(text)
    if (match) return read({ ...match.groups })
  }
  return { event: 'other' }
}
