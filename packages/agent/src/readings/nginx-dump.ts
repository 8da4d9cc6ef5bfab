/** What `nginx -T` prints: every file of the configuration in load order, each under a line with its name. */
import type { NginxFile } from './nginx-config.ts'

/**
 * nginx adds a line end to each file, and nothing marks where a file ends: one that itself holds such a line, a saved
 * dump say, comes out in pieces.
 */
export function readNginxDump(text: string): readonly NginxFile[] {
  const heads = [...text.matchAll(/^# configuration file (.+):\n/gm)]
  return heads.map((head, place) => {
    const end = heads[place + 1]?.index ?? text.length
    return { path: head[1] ?? '', text: text.slice(head.index + head[0].length, end - 1) }
  })
}
