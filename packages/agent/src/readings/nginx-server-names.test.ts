import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesName, nameMatching } from './nginx-name-pattern.ts'
import { claimedBy, nameClaims, probeName } from './nginx-server-names.ts'

/** The probe name of the first of these servers. */
function named(names: readonly (readonly string[])[], isDefault = false): string | null {
  const servers = names.map((own) => ({ names: own }))
  const [first = { names: [] }] = servers
  return probeName(first, nameClaims(servers), isDefault)?.name ?? null
}

describe('the name a server is probed with', () => {
  test.each([
    { is: 'its first real name', servers: [['a.example', 'b.example']], gives: 'a.example' },
    { is: 'in lower case', servers: [['A.Example']], gives: 'a.example' },
    { is: 'a real name before odd ones', servers: [['_', '', '*.x.example', 'a.example']], gives: 'a.example' },
    { is: 'a name below a wildcard', servers: [['*.a.example']], gives: 'www.a.example' },
    {
      is: 'another one where the first has a server of its own',
      servers: [['*.a.example'], ['www.a.example']],
      gives: 'probe.a.example',
    },
    { is: 'the name itself for the form with a dot', servers: [['.a.example']], gives: 'a.example' },
    { is: 'a name that begins like a wildcard at the end', servers: [['mail.*']], gives: 'mail.example' },
    { is: 'a name that its pattern matches', servers: [['~^(?<user>.+)\\.a\\.example$']], gives: 'a.a.example' },
    { is: 'an odd name as it is', servers: [['_']], gives: '_' },
    { is: 'nothing for a pattern beyond reading', servers: [['~^(?!www).+$']], gives: null },
    { is: 'nothing without a name', servers: [['']], gives: null },
    { is: 'nothing for the name of the machine, which is not known here', servers: [['$hostname']], gives: null },
  ])('is $is', ({ servers, gives }) => {
    expect(named(servers)).toBe(gives)
  })

  test.each([
    { is: 'localhost', servers: [['']], gives: 'localhost' },
    {
      is: 'a name that cannot exist, where localhost is taken',
      servers: [[], ['localhost']],
      gives: 'fleetmend.invalid',
    },
    { is: 'still its own name first', servers: [['_']], gives: '_' },
  ])('of the default server is $is', ({ servers, gives }) => {
    expect(named(servers, true)).toBe(gives)
  })
})

test.each([
  { is: 'the same pattern', first: '~^y{2}\\.test$', second: '~^y{2}\\.test$' },
  { is: 'a wider one', first: '~^(?<tenant>.+)\\.example$', second: '~^api-.+\\.example$' },
  { is: 'one that could not be read', first: '~^(?!www)', second: '~^x\\d\\.test$' },
])('no name leads to a pattern behind $is, which nginx tries first', ({ first, second }) => {
  const [before, server] = [{ names: [first] }, { names: [second] }]
  expect(probeName(server, nameClaims([before, server]), false)).toBeNull()
  expect(probeName(server, nameClaims([server, before]), false)).not.toBeNull()
})

test('the default server is asked for by a name that no pattern matches', () => {
  const [server, pattern] = [{ names: [] }, { names: ['~^localhost$'] }]
  expect(probeName(server, nameClaims([server, pattern]), true)?.name).toBe('fleetmend.invalid')
  expect(probeName(server, nameClaims([server, pattern, { names: ['~.'] }]), true)).toBeNull()
})

test.each([
  { names: ['a.example', '*.a.example'], isInvented: false },
  { names: ['.a.example'], isInvented: false },
  { names: ['_'], isInvented: false },
  { names: ['*.a.example'], isInvented: true },
  { names: ['~^.+\\.a\\.example$', '_'], isInvented: true },
])('a name for $names is invented: $isInvented', ({ names, isInvented }) => {
  const server = { names }
  expect(probeName(server, nameClaims([server]), false)).toMatchObject({ isInvented })
})

describe('nginx picks', () => {
  const servers = [
    ['*.example'],
    ['*.a.example', 'mail.*'],
    ['x.a.example'],
    ['.b.example'],
    ['mail.a.*'],
    ['x.a.example'],
  ]
  const [wide, near, exact, dotted, mail] = servers.map((names) => ({ names }))
  const claims = nameClaims(
    [wide, near, exact, dotted, mail, { names: ['x.a.example'] }].filter((server) => server !== undefined),
  )
  test.each([
    { host: 'x.a.example', server: exact, why: 'an exact name, the first that claims it' },
    { host: 'y.a.example', server: near, why: 'the longest wildcard' },
    { host: 'y.z.example', server: wide, why: 'a shorter wildcard' },
    { host: 'b.example', server: dotted, why: 'the name itself of the form with a dot' },
    { host: 'x.b.example', server: dotted, why: 'a name below it' },
    { host: 'mail.a.test', server: mail, why: 'the longest wildcard at the end' },
    { host: 'mail.b.test', server: near, why: 'a shorter wildcard at the end' },
    { host: 'example', server: null, why: 'nobody by name' },
    { host: '.example', server: null, why: 'nobody for a name without a first label' },
  ])('for $host $why', ({ host, server }) => {
    expect(claimedBy(host, claims)).toBe(server)
  })
})

describe('a pattern', () => {
  test.each([
    '^www\\.example\\.com$',
    '^(?<user>.+)\\.example\\.com$',
    '^(?P<user>\\w+)\\.example\\.com$',
    '^(www\\.)?(.+)$',
    '^(?:dev|test)\\d{2,4}\\.lab$',
    '^[a-z0-9-]+\\.example$',
    '^[^.]+\\.example$',
    'example',
    '^x{3}\\.(a|b(c|d))*y+?$',
  ])('%s matches the name made from it', (pattern) => {
    const made = nameMatching(pattern) ?? ''
    expect(made).not.toBe('')
    expect(new RegExp(pattern.replace('?P<', '?<')).test(made)).toBe(true)
  })

  test.each(['(?=a)b', '(?i)a', '\\bx', 'a)', '(a', '[a', '[^a-z0-9]', '((a{200}){200}){200}', '('.repeat(300), '+'])(
    '%s is left alone',
    (pattern) => {
      expect(nameMatching(pattern)).toBeNull()
    },
  )

  const part = fc.constantFrom(
    'a',
    '9',
    '-',
    '\\.',
    '.',
    '\\d',
    '\\w',
    '[ab]',
    '[^a]',
    '[^.]',
    '[0-9a-f]',
    '(',
    ')',
    '(?:',
    '|',
    '*',
    '+',
    '?',
    '{2}',
    '{0,3}',
    '^',
    '$',
    '+?',
  )

  test('whatever it is, a name made from it matches it', () => {
    fc.assert(
      fc.property(fc.string({ unit: part, maxLength: 8 }), (pattern) => {
        const made = nameMatching(pattern)
        if (made === null || /[\^$]/.test(pattern)) return
        expect(new RegExp(`^(?:${pattern})$`).test(made)).toBe(true)
        expect(matchesName(pattern, made)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('it matches the names that it would match if it were run', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: part, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '9', '-', '.', 'z'), maxLength: 6 }),
        (pattern, name) => {
          const matches = matchesName(pattern, name)
          fc.pre(matches !== null)
          expect(matches).toBe(new RegExp(pattern, 'i').test(name))
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('that would never end if it were run is answered at once', () => {
    expect(matchesName('^(((a+)+)+)+b$', 'a'.repeat(60))).toBe(false)
  })
})
