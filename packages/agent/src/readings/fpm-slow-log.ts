/**
 * Records of a slow log: where a worker was when its request had taken too long. Names of files and functions are the
 * application's, and shown only.
 */

export interface FpmSlowRecord {
  /** Local time of the master without a zone. */
  readonly localTime: string
  readonly pool: string
  readonly pid: number
  /** Byte text; empty for a connection that is held open without a request. */
  readonly script: string
  /** Innermost first, `mysqli_query() /var/www/shop/list.php:12`; none while the main script itself computes. */
  readonly frames: readonly string[]
}

const HEAD = /^\[(\d{2})-(\w{3})-(\d{4}) (\d{2}:\d{2}:\d{2})\]  \[pool (\S+)\] pid (\d+)$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Blank line, head, `script_filename = F`, frames (`fpm_php_trace.c`). What does not look so is left out. */
export function readFpmSlowLog(text: string): readonly FpmSlowRecord[] {
  return text.split(/\n(?=\[\d{2}-\w{3}-\d{4} )/).flatMap((record) => {
    const [head = '', script = '', ...rest] = record.trim().split('\n')
    const match = HEAD.exec(head.trimEnd())
    if (!match || !script.startsWith('script_filename = ')) return []
    const [, day, month = '', year, time, pool = '', pid] = match
    const frames = rest.flatMap((line) => /^\[0x[0-9a-f]+\] (.*)$/.exec(line.trimEnd())?.[1] ?? [])
    const localTime = `${year}-${String(months.indexOf(month) + 1).padStart(2, '0')}-${day}T${time}`
    return [{ localTime, pool, pid: Number(pid), script: script.slice('script_filename = '.length).trimEnd(), frames }]
  })
}
