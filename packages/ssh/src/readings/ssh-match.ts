/** The conditions of a `Match` line (`match_cfg_line` in OpenSSH's readconf.c). */
import { matchesHostNames, matchesPatternList } from './host-pattern.ts'

export interface MatchFacts {
  /** The name as far as it is known by then, and the one that was asked for. */
  readonly host: string
  readonly originalHost: string
  readonly user: string
  readonly localUser: string
  readonly tag: string
  readonly isFinal: boolean
}

export type Matched =
  | {
      readonly ok: true
      readonly matches: boolean
      /** The configuration is read once more when the name is settled. */
      readonly wantsFinal: boolean
      /** Conditions on which all hangs, and which are never looked at here: they run commands, or ask what `ssh` alone knows. */
      readonly unasked: readonly string[]
    }
  | { readonly ok: false; readonly says: string }

export function matchConditions(args: readonly string[], facts: MatchFacts): Matched {
  const words = args.flatMap((word) => /^(!?[a-z]+)=(.*)$/is.exec(word)?.slice(1) ?? [word])
  if (words.length === 0) return { ok: false, says: 'Match has no condition' }
  const unasked: string[] = []
  let matches = true
  let wantsFinal = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const isNegated = word.startsWith('!')
    const condition = word.slice(isNegated ? 1 : 0).toLowerCase()
    if (condition === 'all') {
      const isAlone = at === words.length - 1 && at <= 1
      if (!isAlone) return { ok: false, says: 'Match all stands alone, or behind final or canonical' }
      matches &&= !isNegated
      break
    }
    if (condition === 'final' || condition === 'canonical') {
      wantsFinal ||= condition === 'final' && !isNegated
      matches &&= facts.isFinal !== isNegated
      continue
    }
    const value = words[++at]
    if (value === undefined) return { ok: false, says: `Match ${condition} says nothing` }
    if (neverAsked.has(condition)) unasked.push(`Match ${condition}`)
    else if (!isCondition(condition)) return { ok: false, says: `Match ${condition} is not known` }
    else matches &&= asked[condition](value, facts) !== isNegated
  }
  return { ok: true, matches: matches && unasked.length === 0, wantsFinal, unasked: matches ? unasked : [] }
}

const neverAsked = new Set(['exec', 'localnetwork', 'version', 'command', 'sessiontype'])

const asked = {
  host: (value, { host }) => matchesHostNames(host, value),
  originalhost: (value, { originalHost }) => matchesHostNames(originalHost, value),
  user: (value, { user }) => matchesPatternList(user, value),
  localuser: (value, { localUser }) => matchesPatternList(localUser, value),
  tagged: (value, { tag }) => (tag === '' ? value === '' : matchesPatternList(tag, value)),
} as const satisfies Record<string, (value: string, facts: MatchFacts) => boolean>

function isCondition(word: string): word is keyof typeof asked {
  return Object.hasOwn(asked, word)
}
