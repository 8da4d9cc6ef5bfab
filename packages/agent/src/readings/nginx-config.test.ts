import { describe, expect, test } from 'vitest'
import { filesOf, openCase } from './cases/nginx-config/open-case.ts'
import refused from './cases/nginx-config/refused.json' with { type: 'json' }
import { readNginxConfig, type NginxConfig, type NginxDirective } from './nginx-config.ts'
import { readNginxDump } from './nginx-dump.ts'

const main = '/etc/nginx/nginx.conf'

function readCase(name: string): NginxConfig {
  const { read, glob } = openCase(name)
  const reading = readNginxConfig(main, read, glob)
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}

function readFiles(files: Readonly<Record<string, string>>): ReturnType<typeof readNginxConfig> {
  const { read, glob } = filesOf(files)
  return readNginxConfig(main, read, glob)
}

describe.each(['debian-12', 'tricky', 'lua', 'many-sites'])('the recorded tree %s', (name) => {
  test('is read from the files that nginx -T printed, in its order', () => {
    expect(readCase(name).files).toEqual(readNginxDump(openCase(name).recorded('dumped.txt')))
  })

  test('gives this tree of directives', async () => {
    await expect(outline(readCase(name).directives)).toMatchFileSnapshot(openCase(name).golden('outline.txt'))
  })

  test('has every directive at its place', () => {
    const { files, directives } = readCase(name)
    const texts = new Map(files.map(({ path, text }) => [path, text]))
    const misplaced = everyDirective(directives).filter(
      (directive) => !isInPlace(directive, texts.get(directive.path) ?? ''),
    )
    expect(misplaced).toEqual([])
  })
})

/** Whether the spans hold what they are said to hold; quoted words are left to the properties of the edits. */
function isInPlace({ name, args, line, span, argSpans, bodySpan }: NginxDirective, text: string): boolean {
  const written = [name, ...args].map((_, place) => {
    const word = argSpans[place - 1] ?? { start: span.start, end: span.start + name.length }
    return text.slice(word.start, word.end)
  })
  const isWritten = [name, ...args].every(
    (word, place) => written[place] === word || /["'\\]/.test(written[place] ?? ''),
  )
  const braces =
    bodySpan && text.charAt(bodySpan.start - 1) + text.charAt(bodySpan.end) + String(bodySpan.end + 1 === span.end)
  const isClosed = bodySpan ? braces === '{}true' : text.charAt(span.end - 1) === ';'
  return isWritten && isClosed && line === text.slice(0, span.start).split('\n').length
}

describe('what nginx refuses', () => {
  test.each(refused)('$is', ({ files, nginx }) => {
    const reading = readFiles(files)
    expect(reading.ok).toBe(false)
    const says = reading.ok ? '' : reading.says
    expect(
      says.replace(/^cannot read (".*") \(no such file\)/, 'open() $1 failed (2: No such file or directory)'),
    ).toBe(nginx)
    expect(reading).toMatchObject({ path: /in (\S+):\d+$/.exec(nginx)?.[1], line: Number(/\d+$/.exec(nginx)?.[0]) })
  })

  test('is refused where it stands in a tree, before what is worse further on', () => {
    const { read, glob, recorded } = openCase('broken')
    const reading = readNginxConfig(main, read, glob)
    expect(reading.ok ? '' : reading.says).toBe(recorded('refused.txt').trim())
  })

  test('a directory that a pattern matches is refused at the include', () => {
    const { glob } = filesOf({ 'd/a': '', 'd/b': '' })
    const read = (path: string) =>
      path === main ? ({ ok: true, text: 'include d/*;' } as const) : ({ ok: false, says: 'is a directory' } as const)
    expect(readNginxConfig(main, read, glob)).toEqual({
      ok: false,
      says: 'cannot read "/etc/nginx/d/a" (is a directory) in /etc/nginx/nginx.conf:1',
      path: main,
      line: 1,
    })
  })

  test('an unreadable main file has no line', () => {
    expect(readFiles({})).toEqual({ ok: false, says: `cannot read "${main}" (no such file)`, path: main, line: null })
  })
})

/** nginx 1.22 crashes on the first two. */
describe('what nginx does not survive', () => {
  test('a file that includes itself, over another', () => {
    const reading = readFiles({ 'nginx.conf': '\ninclude a;', a: 'include *.conf;' })
    expect(reading).toMatchObject({ ok: false, says: `"${main}" includes itself in /etc/nginx/a:1` })
  })

  test('a circle that links hide', () => {
    const read = () => ({ ok: true, text: 'include x/nginx.conf;' }) as const
    const endless = readNginxConfig(main, read, () => [])
    expect(endless.ok ? '' : endless.says).toMatch(/includes itself/)
    let copies = 0
    const growing = readNginxConfig(
      main,
      () => ({ ok: true, text: `include copy-${(copies += 1)};` }),
      () => [],
    )
    expect(growing.ok ? '' : growing.says).toMatch(/nested more than 200 deep in \/etc\/nginx\/copy-/)
  })

  test('blocks without end', () => {
    const reading = readFiles({ 'nginx.conf': 'a {'.repeat(100_000) })
    expect(reading.ok ? '' : reading.says).toMatch(/^blocks and includes are nested more than 200 deep/)
  })
})

describe('includes', () => {
  test('stand where they were asked for, with the file and place of their own', () => {
    const reading = readFiles({ 'nginx.conf': 'a;\nhttp { b; include s/*; c; }\nd;', 's/1': '\nx;', 's/2': 'y;' })
    expect(reading.ok && outline(reading.value.directives).split('\n')).toEqual([
      '/etc/nginx/nginx.conf:1 a',
      '/etc/nginx/nginx.conf:2 http {',
      '  /etc/nginx/nginx.conf:2 b',
      '  /etc/nginx/s/1:2 x',
      '  /etc/nginx/s/2:1 y',
      '  /etc/nginx/nginx.conf:2 c',
      '}',
      '/etc/nginx/nginx.conf:3 d',
      '',
    ])
  })

  test('a file that is included twice is listed once and gives its directives twice', () => {
    const reading = readFiles({ 'nginx.conf': 'include a; include a;', a: 'x;' })
    expect(reading.ok && reading.value.files.map(({ path }) => path)).toEqual([main, '/etc/nginx/a'])
    expect(reading.ok && reading.value.directives.map(({ name }) => name)).toEqual(['x', 'x'])
  })

  test('a pattern that matches nothing brings nothing', () => {
    expect(readFiles({ 'nginx.conf': 'include none/*.conf;' })).toMatchObject({ ok: true, value: { directives: [] } })
  })

  test('in split_clients and charset_map it is an entry like any other', () => {
    const reading = readFiles({ 'nginx.conf': 'split_clients $a $b { include 5%; } charset_map a b { include 20; }' })
    expect(reading).toMatchObject({
      ok: true,
      value: { directives: [{ block: [{ name: 'include' }] }, { block: [{ name: 'include' }] }] },
    })
  })

  test('one pass asks for every file it can know of, even after one is unreadable', () => {
    const asked: string[] = []
    const read = (path: string) => {
      asked.push(path)
      return path === main
        ? ({ ok: true, text: 'include a; http { include b; } include c;' } as const)
        : ({ ok: false, says: 'not yet' } as const)
    }
    const reading = readNginxConfig(main, read, () => [])
    expect(asked).toEqual([main, '/etc/nginx/a', '/etc/nginx/b', '/etc/nginx/c'])
    expect(reading.ok ? '' : reading.says).toBe('cannot read "/etc/nginx/a" (not yet) in /etc/nginx/nginx.conf:1')
  })
})

function outline(directives: readonly NginxDirective[], depth = 0): string {
  const blanks = '  '.repeat(depth)
  const lines = directives.map(({ name, args, path, line, block }) => {
    const words = [name, ...args]
      .map((word) => (/^[\w./:*$@%=~^+-]+$/.test(word) ? word : JSON.stringify(word)))
      .join(' ')
    const inside = block ? ` {\n${outline(block, depth + 1)}${blanks}}` : ''
    return `${blanks}${path}:${line} ${words}${inside}\n`
  })
  return lines.join('')
}

function everyDirective(directives: readonly NginxDirective[]): readonly NginxDirective[] {
  return directives.flatMap((directive) => [directive, ...everyDirective(directive.block ?? [])])
}
