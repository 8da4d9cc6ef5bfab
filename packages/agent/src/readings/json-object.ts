/** JSON that somebody else wrote: `null` and `[1]` are JSON, too, and have no fields. */

export type JsonObject = Readonly<Record<string, unknown>>

/** Null for what is no JSON, and for JSON that is no object. */
export function jsonObject(text: string): JsonObject | null {
  // Most of what is no object is seen here: a failed parse costs a hundred times as much.
  if (!/^\s*\{/.test(text)) return null
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    return null
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
