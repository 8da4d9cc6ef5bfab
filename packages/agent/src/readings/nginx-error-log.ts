/** Lines of nginx's error log. Everything after the phase is written by clients or PHP: shown, never acted on. */

export interface NginxErrorEntry {
  /** Local time without a zone, `YYYY-MM-DDTHH:MM:SS`. */
  readonly localTime: string
  readonly level: string
  readonly pid: number
  readonly message: string
  /** `connecting to upstream`, `reading response header from upstream` …: text after ` while `. */
  readonly phase: string | null
  readonly errno: number | null
  readonly client: string | null
  readonly server: string | null
  readonly request: string | null
  /** The first `, upstream: "…"` after the phase: a Referer can forge a second one (reference K). */
  readonly upstream: string | null
  readonly host: string | null
  /** What this line means, from reference E.6. */
  readonly kind:
    | 'connect-missing'
    | 'connect-refused'
    | 'connect-denied'
    | 'connect-backlog-full'
    | 'connect-other'
    | 'timed-out-connecting'
    | 'timed-out-sending'
    | 'timed-out-reading-header'
    | 'timed-out-reading'
    | 'reset-before-header'
    | 'reset-after-header'
    | 'closed-early'
    | 'header-too-big'
    | 'wrong-protocol'
    | 'no-live-upstreams'
    | 'not-resolved'
    | 'too-many-files'
    | 'connections-exhausted'
    | 'php-message'
    | 'php-fatal'
    | 'script-unknown'
    | 'script-denied'
    | 'config'
    | 'other'
}

const PREFIX = /^(\d{4})\/(\d{2})\/(\d{2}) (\d{2}:\d{2}:\d{2}) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?/

/** An entry begins with a timestamp at the start of a line and may go on over raw line breaks. */
export function readNginxErrorLog(text: string): readonly NginxErrorEntry[] {
  const begun = text.split(/\n(?=\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2} \[)/)
  return joinQuoted(begun).flatMap((entry) => {
    const prefix = PREFIX.exec(entry)
    if (!prefix) return []
    const [whole, year, month, day, time, level = '', pid] = prefix
    return [
      {
        localTime: `${year}-${month}-${day}T${time}`,
        level,
        pid: Number(pid),
        ...readBody(entry.slice(whole.length, mostBytes).trimEnd()),
      },
    ]
  })
}

const QUOTING = /^[^\n]{1,60}?: (?:\*\d+ )?FastCGI sent in stderr: "/
/** `NGX_MAX_ERROR_STR`, with its line break: what is longer is cut, and its quotation never ends. */
const mostBytes = 2048

/** What a script says is quoted; a line of it that looks like the beginning of an entry is none while the quotation goes on. */
function joinQuoted(begun: readonly string[]): readonly string[] {
  const entries: string[] = []
  for (const part of begun) {
    const open = entries.at(-1)
    const goesOn =
      open !== undefined &&
      open.length + part.length + 1 < mostBytes &&
      QUOTING.test(open) &&
      !/"(?: while [a-z ]+)?, client: /.test(open)
    if (goesOn) entries[entries.length - 1] = `${open}\n${part}`
    else entries.push(part)
  }
  return entries
}

/** ` while PHASE, client: IP, server: NAME, request: "…"[, subrequest: "…"][, upstream: "…"][, host: "…"][, referrer: "…"]` */
function readBody(body: string): Omit<NginxErrorEntry, 'localTime' | 'level' | 'pid'> {
  const context = contextOf(body)
  const message = context ? body.slice(0, context.index) : body
  const after = context ? body.slice(context.index) : ''
  const upstream = upstreamField(after)
  const phase = context?.[1] ?? null
  const errno = /\((\d+): [^)]*\)$/.exec(message)?.[1]
  const number = errno === undefined ? null : Number(errno)
  return {
    message,
    phase,
    errno: number,
    client: context?.[2] ?? null,
    server: context?.[3] ?? null,
    request: /, request: "(.*?)"(?:, |$)/s.exec(after)?.[1] ?? null,
    upstream: upstream?.[1] ?? null,
    host: /, host: "([^"]*)"/.exec(upstream ? after.slice(upstream.index) : after)?.[1] ?? null,
    kind: kindOf(message, phase, number),
  }
}

/**
 * nginx's own words come before what visitors wrote, so the first context is its own. Where it quotes a script, a script
 * may have written the first and a visitor the last: where there is more than one, none is believed.
 */
function contextOf(body: string): RegExpExecArray | null {
  const context = /(?: while ([a-z ]+))?, client: ([^,]*), server: ([^,]*), request: "/g
  const first = context.exec(body)
  return first && body.startsWith('FastCGI sent in stderr: ') && context.exec(body) ? null : first
}

/**
 * After the request, which ends with its protocol: nginx takes nothing that holds ` HTTP/1.1"` before that for a request.
 * What a visitor writes without any protocol (HTTP/0.9) may hold a field; then there are two, and none is believed.
 */
function upstreamField(after: string): RegExpExecArray | null {
  const request = / HTTP\/\d\.\d"/.exec(after)
  const field = /, upstream: "([^"]*)"/g
  if (request) field.lastIndex = request.index
  const first = field.exec(after)
  return first && !request && field.exec(after) ? null : first
}

const connectKinds: Readonly<Record<number, NginxErrorEntry['kind']>> = {
  2: 'connect-missing',
  11: 'connect-backlog-full',
  13: 'connect-denied',
  111: 'connect-refused',
}

function kindOf(message: string, phase: string | null, errno: number | null): NginxErrorEntry['kind'] {
  if (message.startsWith('FastCGI sent in stderr: ')) return stderrKind(message)
  if (/^connect\(\) (to \S+ )?failed/.test(message))
    return (errno === null ? undefined : connectKinds[errno]) ?? 'connect-other'
  if (message.startsWith('upstream timed out')) return timeoutKind(phase)
  if (/^(recv|readv|send|writev)\(\) failed/.test(message) && errno === 104)
    return phase === 'reading upstream' ? 'reset-after-header' : 'reset-before-header'
  if (message.startsWith('upstream prematurely closed')) return 'closed-early'
  if (message.startsWith('upstream sent too big header')) return 'header-too-big'
  if (message.startsWith('upstream sent unsupported FastCGI protocol')) return 'wrong-protocol'
  if (message.startsWith('no live upstreams')) return 'no-live-upstreams'
  // Elsewhere in a line these words may be a part of what a visitor asked for.
  if (/^(?:no resolver defined to resolve |\S+ could not be resolved \()/.test(message)) return 'not-resolved'
  if (/^(socket|accept4?)\(\) failed/.test(message) && errno === 24) return 'too-many-files'
  if (/^\d+ worker_connections are not enough/.test(message)) return 'connections-exhausted'
  return / in \/\S+:\d+$/.test(message) ? 'config' : 'other'
}

/**
 * FPM's own words come first, because no PHP has run then; PHP's follow `PHP message: `, and what a script writes
 * there itself cannot be told from what PHP says of it.
 */
function stderrKind(message: string): NginxErrorEntry['kind'] {
  const said = message.slice('FastCGI sent in stderr: "'.length)
  if (said.startsWith('Primary script unknown')) return 'script-unknown'
  if (/^Unable to open primary script: .* \(No such file or directory\)/.test(said)) return 'script-unknown'
  if (/^(?:Access to the script '|Unable to open primary script: )/.test(said)) return 'script-denied'
  // Before PHP 8 nothing stands between one message and the next.
  return /PHP message: PHP (?:Fatal|Parse) error: /.test(said) ? 'php-fatal' : 'php-message'
}

function timeoutKind(phase: string | null): NginxErrorEntry['kind'] {
  if (phase === 'connecting to upstream') return 'timed-out-connecting'
  if (phase === 'sending request to upstream') return 'timed-out-sending'
  return phase === 'reading response header from upstream' ? 'timed-out-reading-header' : 'timed-out-reading'
}
