/** What ends a reading of ssh_config files: what is wrong, and where. */

export interface ConfigPlace {
  readonly file: string
  /** Null: it is about all of it. */
  readonly line: number | null
}

export type ConfigRead<T> =
  | { readonly ok: true; readonly value: T }
  | ({ readonly ok: false; readonly says: string } & ConfigPlace)

/** Thrown anywhere within a reading and caught where it began: it never leaves this folder. */
export class ConfigError extends Error {
  readonly place: ConfigPlace
  constructor(says: string, { file, line }: ConfigPlace) {
    super(says)
    this.place = { file, line }
  }
}

export function caught<T>(read: () => T): ConfigRead<T> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof ConfigError) return { ok: false, says: error.message, ...error.place }
    throw error
  }
}
