import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, textOf } from './bytes.ts'
import { insertBeside, insertDirective, setArgument } from './nginx-config-edit.ts'
import { readNginxConfig, type NginxDirective } from './nginx-config.ts'
import { main, nginxConfigOf, readNginxFile } from './sample-nginx-file.ts'
import { applySplices, type Splice } from './splice.ts'

function edited(text: string, splice: Splice): string {
  const done = applySplices(text, [splice])
  if (!done.ok) throw new Error(done.says)
  return done.text
}

/** The directive of that name that stands first, wherever it stands. */
function find(directives: readonly NginxDirective[], name: string): NginxDirective {
  const found = everyDirective(directives).find((directive) => directive.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}

describe('setting an argument', () => {
  test.each([
    { is: 'leaves all else as it is', text: 'a  b\tc ; # d', index: 1, value: 'x', gives: 'a  b\tx ; # d' },
    { is: 'drops quotes that are not needed', text: 'a "b";', index: 0, value: 'unix:/x', gives: 'a unix:/x;' },
    { is: 'quotes blanks', text: 'a b;', index: 0, value: 'x y', gives: 'a "x y";' },
    { is: 'quotes what would end it', text: 'a b;', index: 0, value: 'x;y{z}', gives: 'a "x;y{z}";' },
    { is: 'quotes an empty value', text: 'a b;', index: 0, value: '', gives: 'a "";' },
    { is: 'escapes quotes', text: 'a b;', index: 0, value: `"x" 'y'`, gives: `a "\\"x\\" 'y'";` },
    { is: 'writes line ends as escapes', text: 'a b;', index: 0, value: 'x\ny', gives: 'a "x\\ny";' },
    {
      is: 'keeps the backslashes of patterns',
      text: 'a b;',
      index: 0,
      value: String.raw`\.php$`,
      gives: String.raw`a \.php$;`,
    },
    {
      is: 'keeps them in quotes',
      text: 'a b;',
      index: 0,
      value: String.raw`^/\d{2}$`,
      gives: String.raw`a "^/\d{2}$";`,
    },
    {
      is: 'doubles one that would be an escape',
      text: 'a b;',
      index: 0,
      value: String.raw`\n\\`,
      gives: String.raw`a "\\n\\\\";`,
    },
    {
      is: 'keeps quotes before a parenthesis',
      text: 'if ($a = "b") { }',
      index: 2,
      value: 'c',
      gives: 'if ($a = "c") { }',
    },
    { is: 'keeps quotes before a brace', text: 'location "a"{ }', index: 0, value: 'b$', gives: 'location "b$"{ }' },
    {
      is: 'parts from a quote before it',
      text: 'if ($a = "b") { }',
      index: 3,
      value: 'c)',
      gives: 'if ($a = "b" c) { }',
    },
  ])('$is', ({ text, index, value, gives }) => {
    const [directive] = nginxConfigOf(text).directives
    const after = directive ? edited(text, setArgument(directive, index, value)) : ''
    expect(after).toBe(gives)
    expect(nginxConfigOf(after).directives[0]?.args[index]).toBe(value)
  })

  test('an argument that is not there is a bug', () => {
    expect(() => setArgument(find(nginxConfigOf('a b;').directives, 'a'), 1, 'x')).toThrow('a has no argument 1')
  })
})

describe('inserting a directive', () => {
  test.each([
    {
      is: 'goes to the end of the block, indented as what stands there',
      text: 'a {\n\tb;\n\tc; # d\n}\n',
      gives: 'a {\n\tb;\n\tc; # d\n\tnew x;\n}\n',
    },
    { is: 'follows comments at the end', text: 'a {\n  b;\n  # c }\n}', gives: 'a {\n  b;\n  # c }\n  new x;\n}' },
    { is: 'is indented one step in an empty block', text: '  a {\n  }', gives: '  a {\n      new x;\n  }' },
    {
      is: 'is indented by a tab where tabs are used',
      text: 'b {\n\tc;\n}\na {\n}',
      gives: 'b {\n\tc;\n}\na {\n\tnew x;\n}',
    },
    { is: 'keeps CRLF', text: 'a {\r\n  b;\r\n}\r\n', gives: 'a {\r\n  b;\r\n  new x;\r\n}\r\n' },
    { is: 'stays on the line of a block of one line', text: 'a { b; }', gives: 'a { b; new x; }' },
    { is: 'opens an empty one', text: 'a {}', gives: 'a { new x; }' },
    { is: 'stays before a brace at the end of a line', text: 'a {\n  b; }\n', gives: 'a {\n  b; new x; }\n' },
  ])('$is', ({ text, gives }) => {
    const config = nginxConfigOf(text)
    const { path, splice } = insertDirective(config, find(config.directives, 'a'), 'new', ['x'])
    expect(path).toBe(main)
    expect(edited(text, splice)).toBe(gives)
  })

  test('goes to the file of the block, not to the one it includes last', () => {
    const texts = new Map([
      [main, 'a {\n  include /b;\n}\n'],
      ['/b', '\tc;\n'],
    ])
    const reading = readNginxConfig(
      main,
      (path) => ({ ok: true, text: texts.get(path) ?? '' }),
      () => [],
    )
    const config = reading.ok ? reading.value : nginxConfigOf('')
    const { path, splice } = insertDirective(config, find(config.directives, 'a'), 'new', ['x y'])
    expect(path).toBe(main)
    expect(edited(texts.get(path) ?? '', splice)).toBe('a {\n  include /b;\n    new "x y";\n}\n')
  })

  test('into what is no block is a bug', () => {
    const config = nginxConfigOf('a b;')
    expect(() => insertDirective(config, find(config.directives, 'a'), 'new', [])).toThrow('a is no block')
  })
})

describe('adding a directive beside another', () => {
  test.each([
    { is: 'gets a line of its own', text: 'x {\n\ta b; # c\n}\n', gives: 'x {\n\ta b;\n\tnew x; # c\n}\n' },
    { is: 'stays on a line of several', text: 'x { y; a b; }', gives: 'x { y; a b; new x; }' },
    { is: 'keeps CRLF', text: 'a b;\r\n', gives: 'a b;\r\nnew x;\r\n' },
  ])('$is', ({ text, gives }) => {
    const config = nginxConfigOf(text)
    const { path, splice } = insertBeside(config, find(config.directives, 'a'), 'new', ['x'])
    expect(path).toBe(main)
    expect(edited(text, splice)).toBe(gives)
  })
})

interface Tree {
  readonly name: string
  readonly args: readonly string[]
  readonly block: readonly Tree[] | null
}

interface Printed {
  readonly tree: Tree
  readonly text: string
}

const gap = fc.constantFrom(' ', '  ', '\t', '\n', '\r\n', '\n\n\t', ' # a comment; { "\n', '\n#}\n ')
const maybeGap = fc.oneof(fc.constant(''), gap)
const name = fc.constantFrom('one', 'two_2', 'THREE')
const value = fc.string({
  unit: fc.constantFrom(
    'a',
    'n',
    't',
    ' ',
    '"',
    "'",
    '\\',
    '{',
    '}',
    ';',
    '#',
    '$',
    '(',
    ')',
    '.',
    '\n',
    '\t',
    '\r',
    '\xa0',
    '\xe9',
  ),
  maxLength: 6,
})

/** A value as a person might write it, in one of three ways where it can be. */
const argument = fc.tuple(value, fc.constantFrom('plain', '"', "'")).map(([given, how]) => {
  if (how === 'plain' && /^[an.(\xa0\xe9][an.()$\xa0\xe9]*$/.test(given)) return { given, written: given }
  const quote = how === "'" ? "'" : '"'
  return { given, written: quote + given.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote }
})

const head = fc.tuple(name, fc.array(fc.tuple(gap, argument), { maxLength: 3 })).map(([directive, args]) => ({
  directive,
  args: args.map(([, arg]) => arg.given),
  text: directive + args.map(([before, arg]) => before + arg.written).join(''),
}))

const { directives } = fc.letrec<{ directives: Printed[]; directive: Printed; simple: Printed; block: Printed }>(
  (tie) => ({
    directives: fc.array(tie('directive'), { maxLength: 3 }),
    directive: fc.oneof({ maxDepth: 3 }, tie('simple'), tie('block')),
    simple: fc.tuple(maybeGap, head, maybeGap).map(([before, { directive, args, text }, after]) => ({
      tree: { name: directive, args, block: null },
      text: `${before}${text}${after};`,
    })),
    // `$` directly before `{` would not open a block.
    block: fc
      .tuple(maybeGap, head, gap, tie('directives'), maybeGap)
      .map(([before, { directive, args, text }, opening, inside, after]) => ({
        tree: { name: directive, args, block: inside.map(({ tree }) => tree) },
        text: `${before}${text}${opening}{${inside.map((each) => each.text).join('')}${after}}`,
      })),
  }),
)

const configuration = fc.tuple(directives, maybeGap).map(([all, after]) => ({
  trees: all.map(({ tree }) => tree),
  text: all.map(({ text }) => text).join('') + after,
}))

function treeOf({ name: named, args, block }: NginxDirective): Tree {
  return { name: named, args, block: block?.map(treeOf) ?? null }
}

function everyDirective(all: readonly NginxDirective[]): readonly NginxDirective[] {
  return all.flatMap((directive) => [directive, ...everyDirective(directive.block ?? [])])
}

/** The trees with one directive, in the order of `everyDirective`, changed. */
function changed(
  trees: readonly NginxDirective[],
  target: NginxDirective,
  change: (tree: Tree) => Tree,
): readonly Tree[] {
  return trees.map((directive) => {
    const tree = {
      name: directive.name,
      args: directive.args,
      block: directive.block && changed(directive.block, target, change),
    }
    return directive === target ? change(tree) : tree
  })
}

describe('for any configuration, however it is laid out', () => {
  test('reading gives the tree that was printed', () => {
    fc.assert(
      fc.property(configuration, ({ trees, text }) => {
        expect(nginxConfigOf(text).directives.map(treeOf)).toEqual(trees)
      }),
      { numRuns: 1000 },
    )
  })

  test('setting an argument changes that argument, and no byte outside it', () => {
    fc.assert(
      fc.property(configuration, fc.nat(), fc.nat(), value, ({ text }, which, where, given) => {
        const before = nginxConfigOf(text).directives
        const candidates = everyDirective(before).filter(({ args }) => args.length > 0)
        fc.pre(candidates.length > 0)
        const target = candidates[which % candidates.length] ?? find(before, 'one')
        const index = where % target.args.length
        const splice = setArgument(target, index, given)
        const after = edited(text, splice)
        expect(splice).toMatchObject({ ...target.argSpans[index] })
        expect(after.startsWith(text.slice(0, splice.start)) && after.endsWith(text.slice(splice.end))).toBe(true)
        const wanted = changed(before, target, (tree) => ({ ...tree, args: tree.args.with(index, given) }))
        expect(nginxConfigOf(after).directives.map(treeOf)).toEqual(wanted)
      }),
      { numRuns: 1000 },
    )
  })

  test('in any bytes that nginx would read, too, setting an argument changes that argument alone', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 4 }).map(textOf),
      fc.constantFrom(
        ...['a', ' b', ' "c d"', " 'e\\'", '{', '}', ';', ';', '\n', '\r\n', ' #', '\\', ' $x', '${y}', ' z'],
      ),
    )
    const text = fc
      .array(piece, { maxLength: 15 })
      .map((pieces) => `one two; ${pieces.join('')}`)
      .filter((given) => readNginxFile(given).ok)
    fc.assert(
      fc.property(text, fc.nat(), value, (given, which, wanted) => {
        expect(textOf(bytesOf(given))).toBe(given)
        const before = nginxConfigOf(given).directives
        const candidates = everyDirective(before).filter(({ args }) => args.length > 0)
        const target = candidates[which % candidates.length] ?? find(before, 'one')
        const splice = setArgument(target, 0, wanted)
        const after = edited(given, splice)
        expect(after).toBe(given.slice(0, splice.start) + splice.text + given.slice(splice.end))
        expect(nginxConfigOf(after).directives.map(treeOf)).toEqual(
          changed(before, target, (tree) => ({ ...tree, args: tree.args.with(0, wanted) })),
        )
      }),
      { numRuns: 500 },
    )
  })

  test('inserting adds one directive at the end of that block, and takes no byte away', () => {
    fc.assert(
      fc.property(configuration, fc.nat(), fc.array(value, { maxLength: 2 }), ({ text }, which, args) => {
        const config = nginxConfigOf(text)
        const candidates = everyDirective(config.directives).filter(({ block }) => block !== null)
        fc.pre(candidates.length > 0)
        const target = candidates[which % candidates.length] ?? find(config.directives, 'one')
        const { splice } = insertDirective(config, target, 'four', args)
        expect(splice.end).toBe(splice.start)
        const wanted = changed(config.directives, target, (tree) => ({
          ...tree,
          block: [...(tree.block ?? []), { name: 'four', args, block: null }],
        }))
        expect(nginxConfigOf(edited(text, splice)).directives.map(treeOf)).toEqual(wanted)
      }),
      { numRuns: 1000 },
    )
  })
})
