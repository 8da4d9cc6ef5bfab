/** What is wrong with an input, a line each, in words for the person who typed it. Never repeats the value itself. */

/** As zod reports it, in `error.issues`. */
export interface InputIssue {
  readonly code?: string | undefined
  readonly path?: readonly PropertyKey[] | undefined
  readonly message: string
  readonly expected?: unknown
  readonly values?: readonly unknown[] | undefined
  readonly keys?: readonly string[] | undefined
  readonly minimum?: number | bigint | undefined
  readonly maximum?: number | bigint | undefined
  readonly inclusive?: boolean | undefined
  readonly origin?: string | undefined
  readonly format?: string | undefined
}

export function describeIssues(issues: readonly InputIssue[]): string {
  return issues.map(describeIssue).join('\n')
}

function describeIssue(issue: InputIssue): string {
  const where = (issue.path ?? []).map(String).join('.')
  return where === '' ? `The input ${saysOf(issue)}.` : `\`${where}\` ${saysOf(issue)}.`
}

/** `zod/mini` carries no words of its own ("Invalid input"), so they are found here. */
function saysOf(issue: InputIssue): string {
  // A schema's own words, where it has some.
  if (issue.message.startsWith('must ')) return issue.message
  switch (issue.code ?? '') {
    case 'invalid_type':
      return `must be given as ${named(String(issue.expected))}`
    case 'invalid_value':
      return `must be ${(issue.values ?? []).map((value) => JSON.stringify(value)).join(' or ')}`
    case 'unrecognized_keys':
      return `has no field ${(issue.keys ?? []).map((key) => JSON.stringify(key)).join(' or ')}`
    case 'too_small':
      return bound(issue, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)
    case 'too_big':
      return bound(issue, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)
    case 'invalid_format':
      return `does not have the right form${issue.format === undefined || issue.format === 'regex' ? '' : ` (${issue.format})`}`
    case 'invalid_union':
      return 'is none of the kinds that are allowed here'
    default:
      return `is not valid: ${issue.message}`
  }
}

function bound({ origin }: InputIssue, words: string, limit: number | bigint | undefined): string {
  if (origin === 'string') return `must have ${words} ${String(limit)} characters`
  if (origin === 'array') return `must have ${words} ${String(limit)} entries`
  return `must be ${words} ${String(limit)}`
}

function named(type: string): string {
  if (type === 'int') return 'a whole number'
  if (type === 'boolean') return 'true or false'
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

/** The issues that an error carries, from a zod schema of any kind; `null` when it is another error. */
export function issuesOf(error: unknown): readonly InputIssue[] | null {
  if (!(error instanceof Error) || !('issues' in error) || !Array.isArray(error.issues)) return null
  return error.issues.every(isIssue) ? error.issues : null
}

function isIssue(issue: unknown): issue is InputIssue {
  return typeof issue === 'object' && issue !== null && 'message' in issue && typeof issue.message === 'string'
}
