/** Why nginx refuses its configuration or cannot start, from what it writes to stderr (and so to the journal). */

export interface NginxConfigError {
  readonly says: string
  readonly path: string | null
  readonly line: number | null
}

/**
 * `nginx: [emerg] unknown directive "x" in /etc/nginx/sites-enabled/default:9`, or as in its log once that is open. An
 * alert or a warning refuses nothing. A name in it may hold any byte but a line break.
 */
export function readNginxConfigErrors(stderr: string): readonly NginxConfigError[] {
  return stderr.split('\n').flatMap((line) => {
    const message = /^(?:nginx: |[\d/]+ [\d:]+ )\[(?:emerg|crit)\] (?:\d+#\d+: )?(.*)$/s.exec(line.trimEnd())?.[1]
    if (message === undefined) return []
    const [, says = message, path, number] = /^(.*) in (\/.*):(\d+)$/s.exec(message) ?? []
    return [{ says, path: path ?? null, line: number === undefined ? null : Number(number) }]
  })
}
