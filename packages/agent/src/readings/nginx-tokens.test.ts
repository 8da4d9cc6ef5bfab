import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nginxTokens } from './nginx-tokens.ts'

/** Words as their values, the rest as what it is. */
function read(text: string): readonly string[] {
  const { tokens, stopped } = nginxTokens(text)
  const shown = tokens.map((token) => (token.is === 'word' ? `<${token.value}>` : token.is))
  return stopped.at === 'end' ? shown : [...shown, `${stopped.says} in line ${stopped.line}`]
}

describe('words', () => {
  test.each([
    {
      is: 'blanks, tabs and both line ends part words',
      text: 'a b\tc\r\nd\ne;',
      gives: ['<a>', '<b>', '<c>', '<d>', '<e>', ';'],
    },
    { is: 'a `{` opens a block within an unquoted word', text: 'a b{', gives: ['<a>', '<b>', '{'] },
    { is: 'a `{` after `$` does not', text: 'a ${b}c;', gives: ['<a>', '<${b}c>', ';'] },
    { is: 'neither does one directly after that', text: 'a ${{b;', gives: ['<a>', '<${{b>', ';'] },
    { is: 'but one after a variable does', text: 'a $b{', gives: ['<a>', '<$b>', '{'] },
    { is: 'a `}` within a word is a letter', text: 'a b}c;', gives: ['<a>', '<b}c>', ';'] },
    { is: 'quotes within a word are letters', text: `a b"c d'e;`, gives: ['<a>', '<b"c>', "<d'e>", ';'] },
    {
      is: 'both quotes take everything up to their like',
      text: `a "b ; { ' #" 'c "';`,
      gives: ['<a>', `<b ; { ' #>`, '<c ">', ';'],
    },
    { is: 'an empty argument can be quoted', text: 'a "";', gives: ['<a>', '<>', ';'] },
    {
      is: 'a closing parenthesis after a quote is a word',
      text: 'if ($a = "b"){',
      gives: ['<if>', '<($a>', '<=>', '<b>', '<)>', '{'],
    },
    { is: 'nothing else may follow a quote', text: 'a "b"c;', gives: ['<a>', 'unexpected "c" in line 1'] },
    { is: 'six escapes are resolved', text: String.raw`a \"\'\\\t\r\n;`, gives: ['<a>', `<"'\\\t\r\n>`, ';'] },
    {
      is: 'the backslash of any other stays',
      text: String.raw`a \.php\;x "\d";`,
      gives: ['<a>', String.raw`<\.php\;x>`, String.raw`<\d>`, ';'],
    },
    {
      is: 'an escaped line end is counted',
      text: 'a\\\nb;\n"c',
      gives: ['<a\\\nb>', ';', 'unexpected end of file, expecting ";" or "}" in line 3'],
    },
    {
      is: 'bytes beyond ASCII are letters, a no-break space too',
      text: 'a\xa0\xe9 b;',
      gives: ['<a\xa0\xe9>', '<b>', ';'],
    },
  ])('$is', ({ text, gives }) => {
    expect(read(text)).toEqual(gives)
  })
})

describe('comments', () => {
  test.each([
    { is: 'begin at the start of a word and end with the line', text: '# a; {\nb;', gives: ['comment', '<b>', ';'] },
    { is: 'may stand between arguments', text: 'a # b;\n c;', gives: ['<a>', 'comment', '<c>', ';'] },
    { is: 'do not begin within a word', text: 'a b#c;', gives: ['<a>', '<b#c>', ';'] },
    { is: 'may end the file', text: 'a;#', gives: ['<a>', ';', 'comment'] },
  ])('$is', ({ text, gives }) => {
    expect(read(text)).toEqual(gives)
  })
})

/** Each limit was found with nginx 1.22 on both sides of it. */
describe('the 4096 bytes of the read buffer', () => {
  const tail = '\n}'
  test.each([
    {
      is: 'a word',
      make: (n: number) => `${'x'.repeat(n)};`,
      most: 4095,
      says: 'too long parameter "xxxxxxxxxx..." started',
    },
    {
      is: 'a word and a blank',
      make: (n: number) => `${'x'.repeat(n)} ;`,
      most: 4094,
      says: 'too long parameter "xxxxxxxxxx..." started',
    },
    {
      is: 'quotes',
      make: (n: number) => `"${'x'.repeat(n)}";`,
      most: 4094,
      says: 'too long parameter "xxxxxxxxxx..." started',
    },
    {
      is: 'quotes and a blank',
      make: (n: number) => `"${'x'.repeat(n)}" ;`,
      most: 4093,
      says: 'too long parameter "xxxxxxxxxx..." started',
    },
    {
      is: 'a comment',
      make: (n: number) => `#${'x'.repeat(n)}\n`,
      most: 4094,
      says: 'too long parameter "#xxxxxxxxx..." started',
    },
  ])('$is of $most bytes is the longest', ({ make, most, says }) => {
    expect(nginxTokens(make(most) + tail).stopped.at).toBe('end')
    expect(nginxTokens(make(most + 1) + tail).stopped).toEqual({ at: 'refused', says, line: 1 })
  })

  test('a missing closing quote is named', () => {
    const { stopped } = nginxTokens(`a;\nb 'c\n${'x'.repeat(4096)}\n`)
    expect(stopped).toEqual({
      at: 'refused',
      says: `too long parameter, probably missing terminating "'" character`,
      line: 2,
    })
  })

  test('the last word of a file may fill the buffer', () => {
    expect(nginxTokens(`#${'x'.repeat(4095)}`).stopped.at).toBe('end')
  })
})

describe('Lua blocks', () => {
  test.each([
    { is: 'end at their own brace', lua: ' local a = { {} } ' },
    { is: 'may have braces in strings', lua: String.raw`say("}", '{\'}', "\"}")` },
    { is: 'may have braces in comments', lua: '-- }\n' },
    { is: 'may have braces in long brackets', lua: '[[ } ]] [==[ }} ]] ]==] --[=[ }\n}]=]' },
    { is: 'may be empty', lua: '' },
  ])('$is', ({ lua }) => {
    const text = `content_by_lua_block {${lua}} a;`
    const { tokens } = nginxTokens(text)
    expect(tokens.map(({ is }) => is)).toEqual(['word', '{', 'lua', '}', 'word', ';'])
    expect(tokens.filter(({ is }) => is === 'lua').map(({ span }) => text.slice(span.start, span.end))).toEqual([lua])
  })

  test('a string that breaks at the line end is no string, as for ngx_lua', () => {
    expect(read('a_by_lua_block { "\n} b;')).toEqual(['<a_by_lua_block>', '{', 'lua', '}', '<b>', ';'])
  })
})

const nasty = fc.constantFrom(
  'a',
  'b ',
  '"',
  "'",
  '\\',
  '{',
  '}',
  ';',
  ' ',
  '\n',
  '\r',
  '\t',
  '#',
  '$',
  ')',
  '\xe9',
  'x_by_lua_block ',
  '[[',
  ']]',
  '--',
)

describe('for any text', () => {
  test('tokens stand in order, and nothing but blanks stands between them', () => {
    fc.assert(
      fc.property(fc.string({ unit: nasty, maxLength: 40 }), (text) => {
        const { tokens, stopped } = nginxTokens(text)
        let at = 0
        for (const { span, line } of tokens) {
          expect(text.slice(at, span.start)).toMatch(/^[ \t\r\n]*$/)
          expect(span.end).toBeGreaterThanOrEqual(span.start)
          expect(line).toBe(text.slice(0, span.start).split('\n').length)
          at = span.end
        }
        expect(stopped.at === 'refused' || /^[ \t\r\n]*$/.test(text.slice(at))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('what lies between, joined with the tokens, is the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: nasty, maxLength: 40 }), (text) => {
        const { tokens } = nginxTokens(text)
        const ends = [0, ...tokens.map(({ span }) => span.end)]
        const joined = tokens.map(
          ({ span }, place) => text.slice(ends[place], span.start) + text.slice(span.start, span.end),
        )
        expect(joined.join('') + text.slice(ends.at(-1))).toBe(text)
      }),
    )
  })
})
