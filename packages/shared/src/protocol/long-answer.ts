/**
 * An answer in parts, where it grows with the fleet: what ten thousand hosts have to say fits no frame, and whoever asks
 * must not mistake the first half of it for all.
 */

/** A piece of the JSON of a value. */
export type Part<Value> = string & { readonly partOf?: Value }

/** Of UTF-16; as a string in a frame of JSON it is at most six times as many bytes. */
const partLength = 256 * 1024

/** The first part says how long the rest is. */
export function* inParts<Value>(value: Value): Generator<Part<Value>> {
  const text = JSON.stringify(value)
  yield String(text.length)
  for (let from = 0; from < text.length; from += partLength) yield text.slice(from, from + partLength)
}

/** Null: there was more. */
export function joined<Value>([length, ...parts]: readonly Part<Value>[]): Value | null {
  const text = parts.join('')
  return Number(length) === text.length ? (JSON.parse(text) as Value) : null
}
