import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSelector, selects, type Requirement } from './selector.ts'

const hosts: Readonly<Record<string, Record<string, string>>> = {
  'web-1': { role: 'web', env: 'prod' },
  'web-2': { role: 'web', env: 'staging', 'example.com/retired': '' },
  'db-1': { role: 'db', env: 'prod' },
  bare: {},
}

function selected(text: string): readonly string[] {
  const selector = readSelector(text)
  if (!selector.ok) throw new Error(selector.problem.detail)
  return Object.keys(hosts).filter((id) => selects(selector.value, hosts[id] ?? {}))
}

test.each([
  { selector: 'role=web', hosts: ['web-1', 'web-2'] },
  { selector: 'role==web', hosts: ['web-1', 'web-2'] },
  { selector: 'role = web , env = prod', hosts: ['web-1'] },
  { selector: 'role!=web', hosts: ['db-1', 'bare'] },
  { selector: 'env in (prod, staging)', hosts: ['web-1', 'web-2', 'db-1'] },
  { selector: 'env in(prod),role in (web)', hosts: ['web-1'] },
  { selector: 'env notin (prod)', hosts: ['web-2', 'bare'] },
  { selector: 'env', hosts: ['web-1', 'web-2', 'db-1'] },
  { selector: '!env', hosts: ['bare'] },
  { selector: 'example.com/retired', hosts: ['web-2'] },
  { selector: 'example.com/retired=', hosts: ['web-2'] },
  { selector: '!example.com/retired,role=web', hosts: ['web-1'] },
  { selector: 'role=mail', hosts: [] },
  { selector: 'constructor', hosts: [] },
])('$selector selects $hosts', ({ selector, hosts }) => {
  expect(selected(selector)).toEqual(hosts)
})

test.each([
  { selector: '', says: 'it is empty, and would select every host' },
  { selector: '  ', says: 'it is empty' },
  { selector: 'role=web,', says: 'a requirement is missing beside a comma' },
  { selector: 'role=web=db', says: '"role=web=db" is not a requirement' },
  { selector: 'env in (prod', says: 'is not a requirement' },
  { selector: 'env within (prod)', says: '"env within (prod)" is not a requirement' },
  { selector: 'role=café', says: '"café" cannot be the value of a label' },
  { selector: '__proto__=x', says: 'cannot be the name of a label' },
  { selector: '-role=web', says: '"-role" cannot be the name of a label' },
  { selector: 'a'.repeat(64), says: 'cannot be the name of a label' },
  { selector: 'role=web web', says: 'is not a requirement' },
  { selector: 'a,'.repeat(3000), says: 'longer than 4096' },
])('$selector is refused, because $says', ({ selector, says }) => {
  expect(readSelector(selector)).toMatchObject({
    ok: false,
    problem: { code: 'usage', detail: expect.stringContaining(says) },
  })
})

describe('whatever is typed', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}[a-z0-9]$/)
  const requirement: fc.Arbitrary<Requirement> = fc.oneof(
    fc.record({
      key: name,
      is: fc.constantFrom('in', 'not-in'),
      values: fc.array(name, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ key: name, is: fc.constantFrom('present', 'absent') }),
  )

  test('is answered', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof readSelector(text).ok === 'boolean'))
  })

  test('what was written out is read back as it was', () => {
    fc.assert(
      fc.property(fc.array(requirement, { minLength: 1, maxLength: 4 }), (requirements) => {
        expect(readSelector(requirements.map(written).join(','))).toEqual({ ok: true, value: requirements })
      }),
    )
  })

  test('a requirement and its opposite divide the hosts between them', () => {
    fc.assert(
      fc.property(name, name, fc.dictionary(name, name), (key, value, labels) => {
        expect(selects([{ key, is: 'in', values: [value] }], labels)).toBe(
          !selects([{ key, is: 'not-in', values: [value] }], labels),
        )
        expect(selects([{ key, is: 'present' }], labels)).toBe(!selects([{ key, is: 'absent' }], labels))
      }),
    )
  })
})

function written(requirement: Requirement): string {
  switch (requirement.is) {
    case 'in':
      return `${requirement.key} in (${requirement.values.join(', ')})`
    case 'not-in':
      return `${requirement.key} notin (${requirement.values.join(', ')})`
    case 'present':
      return requirement.key
    case 'absent':
      return `!${requirement.key}`
  }
}
