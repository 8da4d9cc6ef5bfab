/** What became of a configuration since it was last loaded and good, in words. */
import { forPeople } from '../readings/bytes.ts'
import type { DifferingFile, LastGoodFacts } from '../survey/last-good-facts.ts'
import { instantOf } from './instant.ts'

const namedFiles = 2

/** A clause: "since it was loaded at …, /etc/php/8.2/fpm/pool.d/www.conf changed at …"; null where nothing did. */
export function changeSays(lastGood: LastGoodFacts | null, complaint = ''): string | null {
  const files = differingFiles(lastGood, complaint)
  if (!lastGood || files.length === 0) return null
  const rest = files.length - namedFiles
  const more = rest <= 0 ? [] : [`${rest} more ${rest === 1 ? 'is' : 'are'} not as before`]
  const parts = [...files.slice(0, namedFiles).map(becameOf), ...more]
  return `since it was loaded at ${instantOf(lastGood.loadedAtMs)}, ${inWords(parts)}`
}

function inWords(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** Those that a complaint names come first, then the newest. */
export function differingFiles(lastGood: LastGoodFacts | null, complaint = ''): readonly DifferingFile[] {
  const isNamed = ({ path }: DifferingFile) => Number(complaint.includes(forPeople(path)))
  return (lastGood?.differing ?? []).toSorted(
    (a, b) => isNamed(b) - isNamed(a) || (b.changedAtMs ?? 0) - (a.changedAtMs ?? 0),
  )
}

function becameOf({ path, good, now, changedAtMs }: DifferingFile): string {
  const when = changedAtMs === null ? '' : ` at ${instantOf(changedAtMs)}`
  if (now === null) return `${forPeople(path)} is gone`
  return `${forPeople(path)} ${good === null ? 'appeared' : 'changed'}${when}`
}
