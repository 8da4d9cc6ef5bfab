/** What goes into a column as it is. Drivers would take more, each in its own way: a date as NULL, an object as its JSON. */

export type Storable = string | number | bigint | null

export function storable(value: unknown): Storable {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value
  throw new TypeError(`A ${typeof value} cannot be stored as it is. This is a bug.`)
}
