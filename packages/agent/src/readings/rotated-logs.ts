/** Names that a log gets when it is rotated: logrotate's numbers and dates, packed or not. */

const number = /^\.(\d{1,4})(\.[a-z0-9]{1,4})?$/
/** `dateext`: `-20261121`, with a `dateformat` of the hour, of seconds, or with dashes. */
const date = /^[-.]((?:\d{4}-\d{2}-\d{2}|\d{8,10})(?:[-_T]?\d{2,6})?)(\.[a-z0-9]{1,4})?$/

/** Those of `name` among the names of its directory, the newest first. */
export function rotatedLogs(name: string, names: readonly string[]): readonly string[] {
  const rotated = names.flatMap((each) => {
    if (!each.startsWith(name)) return []
    const suffix = each.slice(name.length)
    const [numbered, dated] = [number.exec(suffix)?.[1], date.exec(suffix)?.[1]]
    if (numbered !== undefined) return [{ each, order: Number(numbered), at: '' }]
    return dated === undefined ? [] : [{ each, order: Infinity, at: dated }]
  })
  return rotated
    .toSorted((a, b) => (a.at === b.at ? a.order - b.order : a.at < b.at ? 1 : -1) || (a.each < b.each ? -1 : 1))
    .map(({ each }) => each)
}
