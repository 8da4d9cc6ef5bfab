/** The text of a policy → the policy, whole or not at all: what is wrong has its line. */
import { Policy } from '@fleetmend/shared/model/policy'
import { describeIssues, type InputIssue } from '@fleetmend/shared/wire/input-issues'
import { entriesOf, itemsOf, readTrees, under, type Tree } from './yaml-tree.ts'

export type PolicyReading =
  | { readonly ok: true; readonly value: Policy }
  | { readonly ok: false; readonly line: number; readonly says: string }

/** Of a text that says nothing, the defaults. */
export function readPolicy(text: string): PolicyReading {
  const reading = readTrees(text)
  if (!reading.ok) return reading
  const [tree, second] = reading.value
  if (second) return { ok: false, line: second.line, says: 'a second document begins here, and a policy is one.' }
  if (tree && tree.kind !== 'map')
    return { ok: false, line: tree.line, says: 'a policy is made of `key: value` lines.' }
  const parsed = Policy.safeParse(tree ? plain(tree) : {})
  if (parsed.success) return { ok: true, value: parsed.data }
  const [issue] = parsed.error.issues.map((each): InputIssue => each)
  return issue
    ? { ok: false, line: tree ? lineOf(tree, issue) : 1, says: describeIssues([issue]) }
    : { ok: false, line: 1, says: 'it is not valid.' }
}

function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value
    case 'list':
      return tree.items.map(plain)
    case 'map':
      return Object.fromEntries([...tree.entries].map(([key, value]) => [key, plain(value)]))
  }
}

/** Of what is too much, its own line; of what is missing, that of what it is missing from. */
function lineOf(tree: Tree, { path = [], keys = [] }: InputIssue): number {
  let at = tree
  for (const step of path) {
    const next = typeof step === 'number' ? itemsOf(at)[step] : under(at, String(step))
    if (next === undefined) return at.line
    at = next
  }
  return entriesOf(at).find(([key]) => keys.includes(key))?.[1].line ?? at.line
}
