/** Which room may import from which, and why. A row whose folder is gone fails, so that the table cannot rot. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Row {
  readonly in: string
  readonly never: RegExp
  readonly why: string
}

const rows: readonly Row[] = [
  { in: 'packages/shared/src', never: /^(node:(?!crypto$)|@fleetmend\/|ws$)/, why: 'what crosses a wire does no I/O and knows no package of ours' },
  { in: 'packages/agent/src/readings', never: /^(node:(?!(buffer|path)$)|\.\.\/(?!host\/host|survey\/host-facts|judgement))/, why: 'a reading is a function from text to value' },
  { in: 'packages/agent/src/judgement', never: /^(node:(?!net$)|\.\.\/(host\/(?!host)|execute|state|plans|remediations|diagnoses|commands))/, why: 'a judgement is a function from facts to verdict' },
  { in: 'packages/agent/src/diagnoses', never: /^(node:|\.\.\/(host|execute|state|plans|remediations|commands))/, why: 'a diagnosis decides; it cannot reach the machine' },
  { in: 'packages/agent/src/remediations', never: /^(node:|\.\.\/(host|execute|state|plans|commands))/, why: 'a remediation decides; the executor acts' },
  { in: 'packages/agent/src/survey', never: /^(node:|\.\.\/(host\/(?!host\.ts)|execute|state|plans|remediations|diagnoses|commands))/, why: 'a survey reads through the port, so that recorded and fake hosts serve as well' },
  { in: 'packages/agent/src/plans', never: /^(node:|\.\.\/(host\/(?!host\.ts)|execute|state|commands))/, why: 'a plan is data; making it changes nothing' },
]

test.each(rows)('$in never imports $never: $why', (row) => {
  expect(existsSync(row.in)).toBe(true)
  const broken = importsIn(row.in).filter(({ from }) => row.never.test(from)).map(({ path, from }) => `${path} imports ${from}`)
  expect(broken).toEqual([])
})

function importsIn(folder: string): readonly { readonly path: string; readonly from: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .flatMap((path) => {
      const text = readFileSync(join(folder, path), 'utf8')
      return [...text.matchAll(/^(?:import|export) .*?from '([^']+)'/gms)].map((match) => ({ path, from: match[1] ?? '' }))
    })
}
