/** What `%h`, `${HOME}` and `~` stand for in values of ssh_config(5), section TOKENS. */

/** Who connects from where. */
export interface SshPerson {
  readonly name: string
  readonly uid: number
  /** Of the account; `ssh` asks for no $HOME. */
  readonly home: string
  /** The name of this machine. */
  readonly machine: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

export type Expanded = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly says: string }

/** `%` and a letter; `%%` is a percent sign. */
export function expandPercent(text: string, tokens: Readonly<Record<string, string>>): Expanded {
  const all: Readonly<Record<string, string>> = { ...tokens, '%': '%' }
  const unknown = [...text.matchAll(/%(.?)/gs)].find(([, letter = '']) => !Object.hasOwn(all, letter))
  if (unknown) return { ok: false, says: `${unknown[0]} stands for nothing here` }
  return { ok: true, value: text.replace(/%(.)/gs, (_whole, letter: string) => all[letter] ?? '') }
}

/** The path of a file: `~` first, then tokens and `${NAME}` from left to right, each once. */
export function expandPath(text: string, tokens: Readonly<Record<string, string>>, person: SshPerson): Expanded {
  const path = expandTilde(text, person)
  if (!path.ok) return path
  let value = ''
  for (const [part, name] of path.value.matchAll(/\$\{([^}]*)\}|\$|[^$]+/g)) {
    const meant = name === undefined ? expandPercent(part, tokens) : variable(name, person)
    if (!meant.ok) return meant
    value += meant.value
  }
  return { ok: true, value }
}

/** Of others than the person no home is looked up. */
export function expandTilde(text: string, { name, home }: SshPerson): Expanded {
  const [, user, rest = ''] = /^~([^/]*)\/*(.*)$/s.exec(text) ?? []
  if (user === undefined) return { ok: true, value: text }
  if (user !== '' && user !== name) return { ok: false, says: `~${user} is the home of somebody else` }
  return { ok: true, value: `${home.replace(/\/$/, '')}/${rest}` }
}

function variable(name: string, { environment }: SshPerson): Expanded {
  const value = environment[name]
  return value === undefined ? { ok: false, says: `the environment has no ${name}` } : { ok: true, value }
}
