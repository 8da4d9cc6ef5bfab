import { personRoles, type PersonRole } from '@fleetmend/shared'
import { callTRPCProcedure } from '@trpc/server'
import { describe, expect, test } from 'vitest'
import type { ApiContext } from '../api/procedures.ts'
import { apiRouter } from '../api/router.ts'
import { whyNotPermitted } from './caller.ts'
import { rolesFor, rolesOfProcedure } from './roles.ts'

type Type = 'query' | 'mutation' | 'subscription'
const procedures = Object.entries(apiRouter._def.procedures).map(([path, procedure]) => ({
  path,
  type: (procedure as { readonly _def: { readonly type: Type } })._def.type,
}))

test('every procedure stands in the table, and nothing else does', () => {
  expect(Object.keys(rolesOfProcedure).toSorted()).toEqual(procedures.map(({ path }) => path).toSorted())
})

test('an admin may do everything: they are who is asked when nobody else may', () => {
  expect(procedures.filter(({ path }) => !rolesFor(path).includes('admin'))).toEqual([])
})

test('a viewer may do nothing that changes something, and neither may a token that may only look, whatever its role', () => {
  const changing = procedures.filter(({ type }) => type === 'mutation')
  expect(changing.length).toBeGreaterThan(8)
  for (const each of changing) {
    expect(rolesFor(each.path)).not.toContain('viewer')
    const powers = { roles: ['admin' as const], selector: null, readOnly: true }
    expect(whyNotPermitted({ name: 'ana', powers }, each)).toMatchObject({ code: 'not-permitted' })
  }
})

test.each(['toString', '__proto__', 'hosts', 'runs.destroy', ''])(
  'nobody may call %j, which is no procedure',
  (path) => {
    const powers = { roles: ['admin' as const], selector: null, readOnly: false }
    expect(whyNotPermitted({ name: 'ana', powers }, { path, type: 'query' })).toMatchObject({ code: 'not-permitted' })
  },
)

test('who has several roles may do all that any of them may, and no more', () => {
  const may = (roles: PersonRole[]) => {
    const caller = { name: 'ana', powers: { roles, selector: null, readOnly: false } }
    return procedures.filter((each) => whyNotPermitted(caller, each) === null).map(({ path }) => path)
  }
  const both = may(['operator', 'approver'])
  expect(both).toEqual(expect.arrayContaining(['runs.start', 'runs.approve']))
  expect(new Set(both)).toEqual(new Set([...may(['operator']), ...may(['approver'])]))
})

/** What lies behind the question whether a caller may: reached only by those who may. */
const behind = new Proxy(
  {} as ApiContext['controller'] &
    ApiContext['people'] &
    ApiContext['authority'] &
    ApiContext['audit'] &
    ApiContext['store'],
  {
    get: (_, name) => () => {
      throw new Error(`reached ${String(name)}`)
    },
  },
)

async function outcomeOf(path: string, type: Type, role: (typeof personRoles)[number]): Promise<string> {
  const powers = { roles: [role], selector: null, readOnly: false }
  const ctx: ApiContext = {
    caller: { name: 'ana', powers, token: null, session: null },
    controller: behind,
    people: behind,
    authority: behind,
    audit: behind,
    store: behind,
    refused: async () => undefined,
  }
  try {
    const getRawInput = async () => 'no input that any procedure takes'
    await callTRPCProcedure({ router: apiRouter, path, type, ctx, getRawInput, signal: undefined, batchIndex: 0 })
    return 'reached'
  } catch (error) {
    return (error as { readonly code: string }).code === 'FORBIDDEN' ? 'refused' : 'reached'
  }
}

describe.each(procedures)('$path', ({ path, type }) => {
  test.each(personRoles)(`%s: what the table says, before its input is looked at`, async (role) => {
    expect(await outcomeOf(path, type, role)).toBe(rolesFor(path).includes(role) ? 'reached' : 'refused')
  })
})

test('docs/generated/roles.md is what the table says', async () => {
  const cells = (path: string) => personRoles.map((role) => (rolesFor(path).includes(role) ? 'yes' : ''))
  const row = (words: readonly string[]) => `| ${words.join(' | ')} |`.replaceAll(/ {2,}/g, ' ')
  const page = [
    '# Who may do what',
    '',
    'The calls of the API, and the roles that may make them. Written by a test from `packages/controller/src/people/roles.ts`.',
    '',
    row(['call', ...personRoles]),
    row(['---', ...personRoles.map(() => '---')]),
    ...Object.keys(rolesOfProcedure).map((path) => row([`\`${path}\``, ...cells(path)])),
    '',
  ]
  await expect(page.join('\n')).toMatchFileSnapshot('../../../../docs/generated/roles.md')
})
