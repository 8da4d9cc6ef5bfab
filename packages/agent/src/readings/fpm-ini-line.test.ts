import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readIniLine, type IniStatement } from './fpm-ini-line.ts'

function statements(line: string): readonly IniStatement[] {
  const read = readIniLine(line)
  if (!read.ok) throw new Error(read.says)
  return read.statements
}

function value(written: string): string {
  const [statement, more] = statements(`x = ${written}`)
  if (statement?.is !== 'directive' || more) throw new Error(`not one directive: ${written}`)
  return statement.value
}

/** What stands in the line where the value is said to be. */
function writtenIn(line: string): string {
  const [statement] = statements(line)
  if (statement?.is !== 'directive') throw new Error(`no directive: ${line}`)
  return line.slice(statement.valueSpan.start, statement.valueSpan.end)
}

describe('a line that says nothing', () => {
  test.each([
    '',
    '   ',
    '\t',
    '\r',
    '; a comment',
    ' \t; "unclosed',
    ';\r',
    '\u00ef\u00bb\u00bf',
    '\u00ef\u00bb\u00bf; marked',
  ])('%j', (line) => {
    expect(statements(line)).toEqual([])
  })
})

describe('a section', () => {
  test.each([
    ['[www]', 'www'],
    ['[www]\r', 'www'],
    ['[www]  ; comment', 'www'],
    ['\t[www]', 'www'],
    [' \t [www]', 'www'],
    ['\u00ef\u00bb\u00bf[www]', 'www'],
    ['[ www ]', ' www '],
    ['["w;w"]', 'w;w'],
    ['[E_ALL]', 'E_ALL'],
    ['[on]', 'on'],
    ['[]', ''],
  ])('%j opens %j', (line, name) => {
    expect(statements(line)).toEqual([{ is: 'section', name }])
  })

  test.each([' [www]', '[www', '[www;x]', '[www]]', '[www] pm'])('%j is refused', (line) => {
    expect(readIniLine(line)).toMatchObject({ ok: false })
  })

  test('that begins behind a blank is told apart', () => {
    expect(readIniLine(' [www]')).toEqual({ ok: false, says: 'a section begins in the first column: [www]' })
  })
})

describe('a directive', () => {
  test.each([
    ['pm = static', 'pm', 'static'],
    ['pm=static', 'pm', 'static'],
    ['  pm\t=\t static \t', 'pm', 'static'],
    ['PM = static', 'PM', 'static'],
    ['pm = static\r', 'pm', 'static'],
    ['\u00ef\u00bb\u00bfpm = static', 'pm', 'static'],
    ['pm = static;comment', 'pm', 'static'],
    ['pm = static \t; comment', 'pm', 'static'],
    ['pm max = static', 'pm max', 'static'],
    ['pm =', 'pm', ''],
    ['pm = ; comment', 'pm', ''],
    ['# a = b', '# a', 'b'],
  ])('%j sets %j to %j', (line, name, set) => {
    expect(statements(line)).toMatchObject([{ is: 'directive', name, value: set }])
  })

  test.each([
    ['env[PATH] = /bin', 'env', 'PATH'],
    ['  env[ PATH] = /bin', 'env', 'PATH'],
    ['php_admin_value[session.save_path] = /tmp', 'php_admin_value', 'session.save_path'],
    ['access.suppress_path[] = /ping', 'access.suppress_path', ''],
    ['env["a ]b"] = x', 'env', 'a ]b'],
    ['env[A ] = x', 'env', 'A '],
    ['env[E_NOTICE] = x', 'env', '8'],
    ['env["E_NOTICE"] = x', 'env', 'E_NOTICE'],
    ['env[E_NOTICES] = x', 'env', 'E_NOTICES'],
  ])('%j has a key', (line, name, key) => {
    expect(statements(line)).toMatchObject([{ is: 'directive', name, key }])
  })

  test.each([
    ['# managed by ansible', 'a comment begins with ";"'],
    ['pm', 'no directive with a value'],
    ['pm ; static', 'no directive with a value'],
    ['pm\tmax = 3', 'no directive with a value'],
    ['= 3', 'no name'],
    ['   = 3', 'no name'],
    ['yes = 1', 'no directive with a value'],
    ['env[PATH]', 'env[PATH] has no value'],
    ['pm = 3\0', 'NUL'],
    ['"pm" = static', 'no directive begins with'],
  ])('%j is refused: %s', (line, says) => {
    expect(readIniLine(line)).toEqual({ ok: false, says: expect.stringContaining(says) })
  })

  test('may follow a header or another directive that a bare CR ends', () => {
    expect(statements('[www] pm = static')).toMatchObject([
      { is: 'section', name: 'www' },
      { name: 'pm', value: 'static' },
    ])
    expect(statements('[a]\rpm = static\rpm.max_children = 3\r')).toMatchObject([
      { name: 'a' },
      { name: 'pm' },
      { name: 'pm.max_children', value: '3' },
    ])
  })
})

describe('a value', () => {
  test.each([
    ['yes', '1'],
    ['ON', '1'],
    ['True', '1'],
    ['no', ''],
    ['Off', ''],
    ['FALSE', ''],
    ['none', ''],
    ['null', ''],
    ['nobody', 'nobody'],
    ['yes.log', 'yes.log'],
    ['no-way', 'no-way'],
    ['"yes"', 'yes'],
  ])('%j may be a keyword: %j', (written, read) => {
    expect(value(written)).toBe(read)
  })

  test.each([
    ['a  b\tc', 'a  b\tc'],
    ['/run/php/a.sock', '/run/php/a.sock'],
    ['[::1]:9000', '[::1]:9000'],
    ['{a}#b', '{a}#b'],
    ['back\\slash', 'back\\slash'],
    ['$pool.log', '$pool.log'],
    ['$5', '$5'],
    ['caf\u00c3\u00a9', 'caf\u00c3\u00a9'],
  ])('%j stands bare', (written, read) => {
    expect(value(written)).toBe(read)
  })

  test.each([
    [String.raw`"a;b=c(d)"`, 'a;b=c(d)'],
    [String.raw`"\"\\\$\n\t"`, String.raw`"\$\n\t`],
    [String.raw`"C:\path\"`, 'C:\\path\\'],
    [String.raw`"\${HOME}"`, '${HOME}'],
    ['""', ''],
    [String.raw`'raw \" $x ;'`, String.raw`raw \" $x ;`],
    ['"a" "b"', 'ab'],
    ['a "b" c', 'abc'],
    ["a 'b' c", 'a b c'],
    [`"a"'b'c`, 'abc'],
    ["it's what's up", 'its whats up'],
  ])('%s loses its quotes', (written, read) => {
    expect(value(written)).toBe(read)
  })

  test('is cut off by a single quote that is not closed', () => {
    expect(value("it's ; a comment")).toBe('it')
  })

  test.each([
    ['4|3', '7'],
    ['4 | 3', '7'],
    ['7 & 3 ^ 1', '2'],
    ['(4 | 1) & ~1', '4'],
    ['!5', '0'],
    ['!x', '1'],
    ['~0', '-1'],
    ['E_ALL', '32767'],
    ['E_ALL & ~E_NOTICE', '32759'],
    ['PHP_OS', 'Linux'],
    ['E_ALL.', 'E_ALL.'],
    ['"E_ALL"', 'E_ALL'],
    ['5k | 1', '5'],
  ])('%s is computed: %s', (written, read) => {
    expect(value(written)).toBe(read)
  })

  test.each([
    ['a=b', '"=b"'],
    ['/var/log/~x(1).log', '"~x(1).log"'],
    ['say no', '"no"'],
    ['no one', '"one"'],
    ['"unclosed', 'not closed'],
    ['4 |', 'breaks off'],
    ['(4', 'breaks off'],
    ['${A', '"${A"'],
    ["'unclosed", `"'unclosed"`],
    ["''", 'no directive with a value'],
  ])('%s is refused', (written, says) => {
    expect(readIniLine(`x = ${written}`)).toEqual({ ok: false, says: expect.stringContaining(says) })
  })

  test('names the variables that only the master can resolve', () => {
    expect(statements('x = a${ONE}b"${ TWO }c"')).toMatchObject([{ value: 'abc', variables: ['ONE', 'TWO'] }])
    expect(statements('x = ${N:-5}')).toMatchObject([{ value: '', variables: ['N:-5'] }])
    expect(statements('x = $N')).toMatchObject([{ value: '$N', variables: [] }])
  })

  test.each([
    ['x =  5  ; five', '5'],
    ['x=5;five', '5'],
    ['x = "a;b" ; c', '"a;b"'],
    ['x = a "b"  ', 'a "b"'],
    ['x = yes  ', 'yes'],
    ['x = 4 | 3 ; seven', '4 | 3'],
    ['x = ${N} ; n', '${N}'],
    ['x =   ; nothing', ''],
    ['x = "" ; nothing', '""'],
    ['x = 5\r', '5'],
    ['x = 5$', '5$'],
    ["x = it's", 'it'],
  ])('of %j stands where it is said to stand: %j', (line, written) => {
    expect(writtenIn(line)).toBe(written)
  })

  test('read again from its place is the same value, whatever the line', () => {
    const token = fc.constantFrom(
      'a',
      'yes',
      'no',
      '5',
      ' ',
      '\t',
      '"',
      "'b'",
      '\\',
      '$',
      '{',
      '}',
      '(',
      ')',
      '|',
      '&',
      '~',
      '!',
      '=',
      ';',
      '#',
      '[',
      ']',
      '${X}',
    )
    const line = fc.array(token, { maxLength: 9 }).map((tokens) => `x = ${tokens.join('')}`)
    fc.assert(
      fc.property(line, (text) => {
        const read = readIniLine(text)
        const [statement] = read.ok ? read.statements : []
        fc.pre(statement?.is === 'directive')
        expect(statements(`x = ${writtenIn(text)}`)).toMatchObject([
          { value: statement.value, variables: statement.variables },
        ])
      }),
      { numRuns: 2000 },
    )
  })
})
