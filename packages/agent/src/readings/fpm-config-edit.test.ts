import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, textOf } from './bytes.ts'
import { setGlobalDirective, setPoolDirective, type FpmEdit } from './fpm-config-edit.ts'
import type { FpmConfig } from './fpm-config.ts'
import { fpmTrees, readTree, sampleTreeDirectives, sampleTreePools, type FpmTree } from './sample-fpm-tree.ts'
import { applySplices } from './splice.ts'

const main = '/etc/php/8.2/fpm/php-fpm.conf'
const poolFile = '/etc/php/8.2/fpm/pool.d/www.conf'

function tree(mainText: string, ...others: readonly (readonly [string, string])[]): FpmTree {
  return new Map([[main, mainText], ...others])
}

function edited(before: FpmTree, edit: FpmEdit): FpmTree {
  const spliced = applySplices(before.get(edit.path) ?? '', [edit.splice])
  if (!spliced.ok) throw new Error(spliced.says)
  return new Map(before).set(edit.path, spliced.text)
}

function pool(before: FpmTree, name: string, value: string, of = 'www'): FpmTree {
  return edited(before, setPoolDirective(readTree(before), of, name, value))
}

function global(before: FpmTree, name: string, value: string): FpmTree {
  return edited(before, setGlobalDirective(readTree(before), name, value))
}

describe('a directive that is set', () => {
  test.each([
    [
      'keeps its spacing and its comment',
      '[www]\n  pm.max_children   =  5   ; was 50\n',
      '[www]\n  pm.max_children   =  12   ; was 50\n',
    ],
    ['keeps a comment that touches it', '[www]\npm.max_children=5;was 50\n', '[www]\npm.max_children=12;was 50\n'],
    ['keeps CRLF', '[www]\r\npm.max_children = 5\r\n', '[www]\r\npm.max_children = 12\r\n'],
    ['keeps its quotes', '[www]\npm.max_children = "5" ; five\n', '[www]\npm.max_children = "12" ; five\n'],
    ['keeps its spelling', '[www]\nPM.Max_Children = 5\n', '[www]\nPM.Max_Children = 12\n'],
    ['may be written without a last line break', '[www]\npm.max_children = 5', '[www]\npm.max_children = 12'],
    ['may stand behind its header', '[www] pm.max_children = 5\n', '[www] pm.max_children = 12\n'],
    ['may have had no value', '[www]\npm.max_children =\n', '[www]\npm.max_children = 12\n'],
    [
      'may have had only a comment for a value',
      '[www]\npm.max_children =  ; some\n',
      '[www]\npm.max_children = 12  ; some\n',
    ],
    [
      'is replaced with its operators and variables',
      '[www]\npm.max_children = 4 | ${N} ; some\n',
      '[www]\npm.max_children = 12 ; some\n',
    ],
    [
      'is changed where it counts: at the last occurrence',
      '[www]\npm.max_children = 5\n[b]\n[WWW]\npm.max_children = 6\n',
      '[www]\npm.max_children = 5\n[b]\n[WWW]\npm.max_children = 12\n',
    ],
  ])('%s', (_, before, after) => {
    expect(pool(tree(before), 'pm.max_children', '12').get(main)).toBe(after)
  })

  test('is changed in the file that FPM reads last', () => {
    const before = tree(
      '[global]\ninclude=/etc/fpm.d/*.conf\n',
      ['/etc/fpm.d/docker.conf', '[www]\nlisten = 9001\n'],
      ['/etc/fpm.d/www.conf', '[www]\nlisten = 127.0.0.1:9000\n'],
      ['/etc/fpm.d/zz-docker.conf', '[global]\ndaemonize = no\n[www]\nlisten = 9000\n'],
    )
    const after = pool(before, 'listen', '/run/php.sock')
    expect([...after].filter(([path, text]) => before.get(path) !== text)).toEqual([
      ['/etc/fpm.d/zz-docker.conf', '[global]\ndaemonize = no\n[www]\nlisten = /run/php.sock\n'],
    ])
  })
})

describe('how a value is written', () => {
  test.each([
    ['/run/php/a.sock', '/run/php/a.sock'],
    ['10s', '10s'],
    ['yes', 'yes'],
    ['a b', 'a b'],
    ['a;b', '"a;b"'],
    ['%R "%m"', '"%R \\"%m\\""'],
    ["it's", `"it's"`],
    ['x(1)', '"x(1)"'],
    [' led by a blank', '" led by a blank"'],
    ['no one', '"no one"'],
    ['E_ALL', '"E_ALL"'],
    ['C:\\', 'C:\\'],
    ['C:\\;', '"C:\\\\;"'],
    ['${HOME}', '"\\${HOME}"'],
    ['', ''],
  ])('%j as %j', (value, written) => {
    const after = pool(tree('[www]\nslowlog = x\n'), 'slowlog', value)
    expect(after.get(main)).toBe(`[www]\nslowlog = ${written}\n`)
    expect(readTree(after).pools[0]?.directives.get('slowlog')?.value).toBe(value === 'yes' ? '1' : value)
  })

  test('a line break has no way of being written', () => {
    expect(() => pool(tree('[www]\n'), 'slowlog', 'a\nb')).toThrow('cannot be a value')
  })

  test.each(['Pm', 'pm = 3\nuser', 'env[X]', ''])('%j is no name to set', (name) => {
    expect(() => pool(tree('[www]\n'), name, '1')).toThrow('is no directive')
  })

  test('a pool that is not there is a bug of the caller', () => {
    expect(() => pool(tree('[www]\n'), 'pm', 'static', 'shop')).toThrow('no pool "shop"')
  })
})

describe('a directive that is not set yet', () => {
  test('goes to the end of the directives of the last section of the pool, indented as they are', () => {
    const before = '[www]\npm = static\n\n; the other one\n[b]\npm = static\n[www]\n  user = www-data\n\n; the end\n'
    expect(pool(tree(before), 'pm.max_requests', '500').get(main)).toBe(
      '[www]\npm = static\n\n; the other one\n[b]\npm = static\n[www]\n  user = www-data\n  pm.max_requests = 500\n\n; the end\n',
    )
  })

  test('goes below its commented default, where there is one', () => {
    const before = tree('[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n', [
      poolFile,
      '[www]\npm = static\n; Default: 0\n;pm.max_requests = 500\n\n;pm.status_path = /status\nuser = www-data\n',
    ])
    expect(pool(before, 'pm.max_requests', '200').get(poolFile)).toBe(
      '[www]\npm = static\n; Default: 0\n;pm.max_requests = 500\npm.max_requests = 200\n\n;pm.status_path = /status\nuser = www-data\n',
    )
  })

  test('goes below the header of a section without directives, not into the main file behind its include', () => {
    const before = tree('[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n', [poolFile, '[www]\n; nothing yet\n'])
    expect(pool(before, 'user', 'u').get(poolFile)).toBe('[www]\nuser = u\n; nothing yet\n')
  })

  test.each([
    ['a last line without a break', '[www]\npm = static', '[www]\npm = static\nuser = u\n'],
    ['CRLF', '[www]\r\npm = static\r\n\r\n', '[www]\r\npm = static\r\nuser = u\r\n\r\n'],
    ['CRLF and a last line without a break', '[www]\r\npm = static', '[www]\r\npm = static\r\nuser = u\r\n'],
    ['a section that is empty', '[www]\n\n[b]\npm = static\n', '[www]\nuser = u\n\n[b]\npm = static\n'],
    ['a header without a line break', '[www]', '[www]\nuser = u\n'],
    ['a section that only includes', '[www]\ninclude=/none\n[b]\n', '[www]\nuser = u\ninclude=/none\n[b]\n'],
  ])('copes with %s', (_, before, after) => {
    expect(pool(tree(before), 'user', 'u').get(main)).toBe(after)
  })
})

describe('a global directive that is not set yet', () => {
  test("goes below its commented default in Debian's file, before the include", () => {
    const debian =
      '[global]\npid = /run/php.pid\n; Default Value: 0\n;process_control_timeout = 0\n\n; To configure the pools\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n'
    const after = global(
      tree(debian, [poolFile, '[www]\n;process_control_timeout = 0\npm = static\n']),
      'process_control_timeout',
      '10s',
    )
    expect(after.get(main)).toBe(
      debian.replace(';process_control_timeout = 0\n', ';process_control_timeout = 0\nprocess_control_timeout = 10s\n'),
    )
    expect(after.get(poolFile)).toBe('[www]\n;process_control_timeout = 0\npm = static\n')
  })

  test('goes behind the last directive of [global], never behind an include that opens a pool', () => {
    const before = tree('[global]\npid = /run/php.pid\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n', [
      poolFile,
      '[www]\npm = static\n',
    ])
    expect(global(before, 'log_limit', '2048').get(main)).toBe(
      '[global]\npid = /run/php.pid\nlog_limit = 2048\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n',
    )
  })

  test('goes first in a file that begins with a pool, because nothing before a header is [global]', () => {
    expect(global(tree('[www]\npm = static\n'), 'log_limit', '2048').get(main)).toBe(
      'log_limit = 2048\n[www]\npm = static\n',
    )
    const marked = '\u00ef\u00bb\u00bf[www]\n'
    expect(global(tree(marked), 'log_limit', '2048').get(main)).toBe('\u00ef\u00bb\u00bflog_limit = 2048\n[www]\n')
  })

  test('goes to a drop-in that reopens [global] last', () => {
    const path = '/etc/php/8.2/fpm/pool.d/zz.conf'
    const before = tree(
      '[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n',
      [poolFile, '[www]\npm = static\n'],
      [path, '[global]\nlog_level = error\n'],
    )
    expect(global(before, 'log_limit', '2048').get(path)).toBe('[global]\nlog_level = error\nlog_limit = 2048\n')
  })
})

describe('a snippet that two pools include', () => {
  const snippet = ['/etc/limits.conf', 'pm.max_children = 5\n'] as const

  test('is left alone: the pool gets its own line behind the include', () => {
    const before = tree(
      '[www]\npm = static\ninclude=/etc/limits.conf\n[shop]\npm = static\ninclude=/etc/limits.conf\n',
      snippet,
    )
    const after = pool(before, 'pm.max_children', '8')
    expect(after.get(snippet[0])).toBe(snippet[1])
    expect(after.get(main)).toBe(
      '[www]\npm = static\ninclude=/etc/limits.conf\npm.max_children = 8\n[shop]\npm = static\ninclude=/etc/limits.conf\n',
    )
  })

  test('is overridden at the end of the file that includes it, not in the main file', () => {
    const before = tree(
      'include=/etc/pools/*.conf\n',
      ['/etc/pools/a.conf', '[a]\ninclude=/etc/limits.conf'],
      ['/etc/pools/b.conf', '[b]\ninclude=/etc/limits.conf'],
      snippet,
    )
    const after = pool(before, 'pm.max_children', '8', 'b')
    expect(after.get('/etc/pools/b.conf')).toBe('[b]\ninclude=/etc/limits.conf\npm.max_children = 8\n')
    expect(effective(readTree(after))).toMatchObject({ 'a pm.max_children': '5', 'b pm.max_children': '8' })
  })

  test('is overridden under a reopened header at the very end, where no other place is left', () => {
    const before = tree(
      'include=/etc/x/*.conf\ninclude=/etc/x/*.conf',
      ['/etc/x/1.conf', 'rlimit_files = 5\n'],
      ['/etc/x/2.conf', '[a]\npm = static\n'],
    )
    const after = global(before, 'rlimit_files', '9')
    expect(after.get(main)).toBe('include=/etc/x/*.conf\ninclude=/etc/x/*.conf\n[global]\nrlimit_files = 9\n')
    expect(effective(readTree(after))).toMatchObject({ 'global rlimit_files': '9', 'a rlimit_files': '5' })
  })

  test('may be changed where only one pool includes it, even twice', () => {
    const before = tree('[www]\ninclude=/etc/limits.conf\ninclude=/etc/limits.conf\n[shop]\npm = static\n', snippet)
    expect(pool(before, 'pm.max_children', '8').get(snippet[0])).toBe('pm.max_children = 8\n')
  })
})

describe('whatever the files look like', () => {
  const edits = fc.oneof(
    ...sampleTreePools
      .map((of) => ({ of, directives: sampleTreeDirectives.pool }))
      .map(({ of, directives }) => wanted(of, directives)),
    wanted(null, sampleTreeDirectives.global),
  )

  function wanted(of: string | null, directives: Readonly<Record<string, readonly string[]>>) {
    const choices = Object.entries(directives).flatMap(([name, values]) => values.map((value) => ({ of, name, value })))
    return fc.constantFrom(...choices)
  }

  function set(before: FpmTree, { of, name, value }: { of: string | null; name: string; value: string }): FpmEdit {
    const config = readTree(before)
    return of === null ? setGlobalDirective(config, name, value) : setPoolDirective(config, of, name, value)
  }

  test('exactly the wanted value becomes effective, and nothing outside the splice is touched', () => {
    fc.assert(
      fc.property(fpmTrees, edits, (before, edit) => {
        const { path, splice } = set(before, edit)
        const after = edited(before, { path, splice })
        const expected = { ...effective(readTree(before)), [`${edit.of ?? 'global'} ${edit.name}`]: asFpmTakesIt(edit) }
        expect(effective(readTree(after))).toEqual(expected)
        expect(readTree(after).pools.map(({ name }) => name)).toEqual(readTree(before).pools.map(({ name }) => name))
        const text = before.get(path) ?? ''
        expect(new Map(after).set(path, text)).toEqual(before)
        expect(after.get(path)).toBe(text.slice(0, splice.start) + splice.text + text.slice(splice.end))
      }),
      { numRuns: 500 },
    )
  })

  test('even where it is not FPM configuration: the edit takes effect, and no byte outside the splice changes', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map(textOf),
      fc.constantFrom(
        ...[
          '[www]',
          '[shop]\r',
          '\n',
          '\n',
          '=',
          ' ',
          '"',
          "'",
          ';',
          '${',
          'pm.max_children',
          'slowlog = ',
          'yes',
          '5',
        ],
      ),
    )
    const bytes = fc.array(piece, { maxLength: 25 }).map((pieces) => Uint8Array.from(bytesOf(pieces.join(''))))
    fc.assert(
      fc.property(bytes, edits, (given, edit) => {
        const text = textOf(given)
        expect(Uint8Array.from(bytesOf(text))).toEqual(given)
        const before: FpmTree = new Map([[main, `[www]\npm = static\n[shop]\npm = static\n${text}`]])
        const { splice } = set(before, edit)
        const after = edited(before, { path: main, splice })
        const [was, is] = [before.get(main) ?? '', after.get(main) ?? '']
        expect(is).toBe(was.slice(0, splice.start) + splice.text + was.slice(splice.end))
        const expected = { ...effective(readTree(before)), [`${edit.of ?? 'global'} ${edit.name}`]: asFpmTakesIt(edit) }
        expect(effective(readTree(after))).toEqual(expected)
        expect(edited(after, set(after, edit))).toEqual(after)
      }),
      { numRuns: 2000 },
    )
  })

  test('the line ending of a file stays the only one in it', () => {
    fc.assert(
      fc.property(fpmTrees, edits, (before, edit) => {
        const { path, splice } = set(before, edit)
        const had = before.get(path) ?? ''
        fc.pre(had.includes('\n'))
        const text = edited(before, { path, splice }).get(path) ?? ''
        expect(/(?<!\r)\n/.test(text)).toBe(/(?<!\r)\n/.test(had))
      }),
    )
  })

  test('setting a value that is set changes no byte', () => {
    fc.assert(
      fc.property(fpmTrees, edits, (before, edit) => {
        const once = edited(before, set(before, edit))
        expect(edited(once, set(once, edit))).toEqual(once)
      }),
    )
  })

  function asFpmTakesIt({ of, value }: { of: string | null; value: string }): string {
    return { yes: '1', no: '', off: '' }[value] ?? value.replaceAll('$pool', of ?? '')
  }
})

/** All that a configuration sets, as `section name` to value. */
function effective(config: FpmConfig): Readonly<Record<string, string>> {
  const sections = [{ name: 'global', directives: config.global, entries: [] }, ...config.pools]
  const all = sections.flatMap(({ name: section, directives, entries }) => [
    ...[...directives.values()].map(({ name, value }) => [`${section} ${name}`, value] as const),
    ...entries.map(({ name, key, value }, i) => [`${section} ${name}[${key}] ${i}`, value] as const),
  ])
  return Object.fromEntries<string>(all)
}
