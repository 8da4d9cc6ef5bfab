/** Who is told no looks it up: every code by which a host refuses what people signed has its row in docs/approvals.md. */
import { readFileSync } from 'node:fs'
import { problemKinds } from '@fleetmend/shared'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('../../docs/approvals.md', import.meta.url), 'utf8')
const codes = Object.keys(problemKinds).filter((code) =>
  /^(approval|approver|approvers|signature|request|requester|break-glass|grant)-|^plan-used$/.test(code),
)

test.each(codes)('%s is explained, with what to do', (code) => {
  const row = page.split('\n').find((line) => line.startsWith('| `') && line.includes(`\`${code}\``))
  expect(row?.split('|').map((cell) => cell.trim() !== '')).toEqual([false, true, true, true, false])
})

test('and the page explains no code that there is not', () => {
  const named = page.split('\n').flatMap((line) => (line.startsWith('| `') ? [line.split('|')[1] ?? ''] : []))
  const quoted = named.join(' ').match(/(?<=`)[a-z]+(-[a-z]+)+(?=`)/g) ?? []
  expect(quoted.filter((code) => !(code in problemKinds))).toEqual([])
})
