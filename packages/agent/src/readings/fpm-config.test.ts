import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { textOf } from './bytes.ts'
import { dumpDifferences, expectedFpmDump, unfitDirectives } from './expected-fpm-dump.ts'
import type { FpmConfig, FpmDirective } from './fpm-config.ts'
import { readFpmConfig } from './fpm-config.ts'
import { readFpmDump, type FpmDump } from './fpm-dump.ts'
import { listenAddress } from './fpm-values.ts'
import { readTree, type FpmTree } from './sample-fpm-tree.ts'

/**
 * Each case has a tree of files, what the real `php-fpm8.2 -F -O -tt` (8.2.32, Debian 12; `-p` where the prefix is not
 * /usr) said about it in `dumped.txt`, and what this reading makes of it in `read.json`.
 */
const cases = fileURLToPath(new URL('./cases/fpm-config/', import.meta.url))

interface Case {
  readonly config: FpmConfig
  readonly dump: FpmDump
  readonly prefix: string
}

function recorded(name: string): Case {
  const { main, prefix } = JSON.parse(readFileSync(`${cases}${name}/case.json`, 'utf8')) as {
    main: string
    prefix: string
  }
  const dump = readFpmDump(textOf(readFileSync(`${cases}${name}/dumped.txt`)))
  if (!dump.ok) throw new Error(dump.says)
  return { config: readTree(treeAt(`${cases}${name}/files`), main, prefix), dump: dump.value, prefix }
}

function treeAt(root: string): FpmTree {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).map(
    (entry): readonly [string, string] => {
      const path = `${entry.parentPath}/${entry.name}`
      return entry.isDirectory()
        ? [`${path.slice(root.length)}/`, '']
        : [path.slice(root.length), textOf(readFileSync(path))]
    },
  )
  return new Map(entries)
}

describe.each(readdirSync(cases))('the recorded configuration %s', (name) => {
  const { config, dump, prefix } = recorded(name)

  test('is read as it was', async () => {
    await expect(`${JSON.stringify(summary(config), null, 2)}\n`).toMatchFileSnapshot(
      `./cases/fpm-config/${name}/read.json`,
    )
  })

  test('has the pools that FPM sees, in its order', () => {
    expect(['global', ...config.pools.map((pool) => pool.name)]).toEqual([...dump.keys()])
  })

  test('has every value that FPM has', () => {
    const build = { php: '8.2', prefix, stateFolder: prefix === '/usr' ? '/var' : prefix }
    expect(unfitDirectives(config, build)).toEqual([])
    expect(dumpDifferences(expectedFpmDump(config, build), dump)).toEqual([])
  })

  test('has an address where FPM listens', () => {
    for (const pool of config.pools) {
      const listen = dump.get(pool.name)?.get('listen') ?? ''
      const address = listenAddress(pool.directives.get('listen')?.value ?? '', pool.name, prefix)
      expect(address?.replace(/^(unix|tcp:\[::\]|tcp):/, '')).toBe(listen)
    }
  })
})

function summary(config: FpmConfig) {
  const text = (path: string) => config.files.find((file) => file.path === path)?.text ?? ''
  const shown = ({ value, variables, path, line, valueSpan }: FpmDirective) => ({
    value,
    written: text(path).slice(valueSpan.start, valueSpan.end),
    at: `${path}:${line}`,
    ...(variables.length > 0 ? { variables } : {}),
  })
  const all = (directives: ReadonlyMap<string, FpmDirective>) =>
    Object.fromEntries([...directives].map(([name, directive]) => [name, shown(directive)]))
  return {
    global: all(config.global),
    pools: config.pools.map(({ name, directives, entries }) => ({
      name,
      directives: all(directives),
      entries: entries.map((entry) => ({ entry: `${entry.name}[${entry.key}]`, ...shown(entry) })),
    })),
    stretches: config.stretches.map(
      ({ path, pool, from, to, directives }) => `${path} ${from}-${to} [${pool ?? 'global'}] ${directives.length}`,
    ),
    oddities: config.oddities,
  }
}

describe('sections', () => {
  const main = '/etc/php/8.2/fpm/php-fpm.conf'

  function read(text: string, ...others: readonly (readonly [string, string])[]): FpmConfig {
    return readTree(new Map([[main, text], ...others]))
  }

  function values(directives: ReadonlyMap<string, FpmDirective> | undefined) {
    return Object.fromEntries([...(directives ?? [])].map(([name, { value }]) => [name, value]))
  }

  test('before any header, the section is [global]', () => {
    expect(values(read('pid = /run/a.pid\n[www]\npm = static\n').global)).toEqual({ pid: '/run/a.pid' })
  })

  test('what stands behind an include belongs to the section that the include left', () => {
    const config = read('[global]\ninclude=/etc/a.conf\nprocess_control_timeout = 10s\n', [
      '/etc/a.conf',
      '[www]\npm = static\n',
    ])
    expect(values(config.global)).toEqual({})
    expect(values(config.pools[0]?.directives)).toEqual({ pm: 'static', process_control_timeout: '10s' })
  })

  test('names fold A to Z and nothing else', () => {
    const config = read(
      '[WWW]\nPM = static\n[www]\npm.MAX_children = 3\n[\u00c3\u0089]\npm = static\n[\u00e3\u0089]\npm = static\n',
    )
    expect(config.pools.map(({ name }) => name)).toEqual(['WWW', '\u00c3\u0089', '\u00e3\u0089'])
    expect(values(config.pools[0]?.directives)).toEqual({ pm: 'static', 'pm.max_children': '3' })
  })

  test('include is no include in capitals', () => {
    const config = read('[www]\nInclude = /etc/a.conf\n', ['/etc/a.conf', '[b]\n'])
    expect(config.files.map(({ path }) => path)).toEqual([main])
    expect(values(config.pools[0]?.directives)).toEqual({ include: '/etc/a.conf' })
  })

  test('$pool is the pool as it is first spelt, and stays as it is in [global]', () => {
    const config = read('syslog.ident = $pool\n[Www]\n[www]\nslowlog = /var/log/$pool/$pool.log\nenv[P] = $pool\n')
    expect(values(config.global)).toEqual({ 'syslog.ident': '$pool' })
    expect(config.pools[0]?.directives.get('slowlog')?.value).toBe('/var/log/Www/Www.log')
    expect(config.pools[0]?.entries[0]?.value).toBe('Www')
  })

  test('a line that FPM would refuse is told with its place, and the rest is read', () => {
    const config = read('[www]\n# set by hand\npm = static\n [b]\npm.max_children = (\n')
    expect(config.oddities).toEqual([
      `${main}:2: a comment begins with ";", so "# set by hand" is taken for a directive`,
      `${main}:4: a section begins in the first column: [b]`,
      `${main}:5: it breaks off: a bracket or an operand is missing`,
    ])
    expect(values(config.pools[0]?.directives)).toEqual({ pm: 'static' })
  })

  test('a value that only the master knows is told', () => {
    const config = read('[www]\npm.max_children = ${CHILDREN}\n')
    expect(config.oddities).toEqual([`${main}:2: pm.max_children depends on \${CHILDREN}, which only the master knows`])
    expect(config.pools[0]?.directives.get('pm.max_children')?.variables).toEqual(['CHILDREN'])
  })

  test.each([
    { line: 'env[PATH] =', says: 'env[PATH] has an empty value' },
    { line: 'env[PATH] = ""', says: 'env[PATH] has an empty value' },
    { line: 'env[] = x', says: 'env[] needs a name' },
    { line: 'php_value[] = x', says: 'php_value[] needs a name' },
    { line: `x = ${'('.repeat(2000)}`, says: 'FPM cannot take' },
  ])('$says is told for $line, because FPM refuses it', ({ line, says }) => {
    const { oddities } = readTree(new Map([[main, `[www]\n${line}\n`]]))
    expect(oddities).toEqual([expect.stringContaining(says)])
  })

  test('a pool with $pool in its name, over which FPM hangs, is told and read', () => {
    const { oddities, pools } = readTree(new Map([[main, '[a$pool]\nuser = x\nlisten = /run/$pool\n']]))
    expect(oddities).toEqual([expect.stringContaining(`${main}:3: FPM never comes to an end`)])
    expect(pools.map(({ directives }) => directives.get('listen')?.value)).toEqual(['/run/a$pool'])
  })

  test('arrays without a key and empty values are told only where FPM refuses them', () => {
    const text = '[www]\naccess.suppress_path[] = /health\nphp_value[a] =\nenv[B] = "${HOME}"\n'
    const { oddities } = readTree(new Map([[main, text]]))
    expect(oddities).toEqual([expect.stringContaining('only the master knows')])
  })

  test('arrays cannot stand in [global]', () => {
    expect(read('env[A] = b\n').oddities).toEqual([`${main}:1: env[A] cannot stand in [global]`])
  })
})

describe('includes', () => {
  const main = '/etc/php-fpm.conf'

  function read(tree: Readonly<Record<string, string>>, prefix = '/usr'): FpmConfig {
    return readTree(new Map(Object.entries(tree)), main, prefix)
  }

  function readPaths(config: FpmConfig): readonly string[] {
    return config.files.map(({ path }) => path)
  }

  test('come in byte order, without dotfiles and directories', () => {
    const config = read({
      [main]: 'include=/etc/d/*.conf\n',
      '/etc/d/b.conf': '[b]\n',
      '/etc/d/B.conf': '[B2]\n',
      '/etc/d/.a.conf': '[a]\n',
      '/etc/d/c.conf/': '',
      '/etc/d/10.conf': '[ten]\n',
      '/etc/d/9.conf': '[nine]\n',
      '/etc/d/d.conf.bak': '[d]\n',
    })
    expect(config.pools.map(({ name }) => name)).toEqual(['ten', 'nine', 'B2', 'b'])
    expect(config.oddities).toEqual([])
  })

  test('start from the prefix when they are relative', () => {
    const config = read({ [main]: 'include=etc/d/*.conf\n', '/usr/local/etc/d/a.conf': '[a]\n' }, '/usr/local')
    expect(readPaths(config)).toEqual([main, '/usr/local/etc/d/a.conf'])
  })

  test('that match nothing are told, as FPM warns', () => {
    expect(read({ [main]: '[global]\ninclude=/etc/gone.conf\n' }).oddities).toEqual([
      `${main}:2: nothing matches the include /etc/gone.conf`,
    ])
  })

  test('nest five files deep, and not six', () => {
    const chain = (deepest: number) =>
      read({
        [main]: 'include=/etc/2.conf\n',
        ...Object.fromEntries(
          Array.from({ length: deepest - 1 }, (_, i) => [
            `/etc/${i + 2}.conf`,
            i + 2 < deepest ? `include=/etc/${i + 3}.conf\n` : '[deep]\n',
          ]),
        ),
      })
    expect(chain(5)).toMatchObject({ pools: [{ name: 'deep' }], oddities: [] })
    expect(chain(6)).toMatchObject({ pools: [], oddities: [expect.stringContaining('/etc/6.conf is not read')] })
  })

  test('of themselves come to an end', () => {
    expect(read({ [main]: 'include=/etc/php-fpm.conf\n[www]\n' }).oddities).toHaveLength(1)
  })

  test('of everything by everything are read once to the bottom, not in every order', () => {
    const all = Array.from({ length: 30 }, (_, i) => [`/etc/d/${i}.conf`, 'include=/etc/d/*.conf\n'] as const)
    const config = read({ [main]: 'include=/etc/d/*.conf\n', ...Object.fromEntries(all) })
    expect(config.stretches.length).toBeLessThan(20)
    expect(config.oddities).toHaveLength(1)
  })

  test('that cannot be opened are told: a dangling link is fatal to FPM', () => {
    const reading = readFpmConfig(
      main,
      (path) => (path === main ? { ok: true, text: 'include=/etc/d/*.conf\n' } : { ok: false, says: 'no such file' }),
      () => ['/etc/d/gone.conf'],
      '/usr',
    )
    expect(reading).toMatchObject({
      ok: true,
      value: { oddities: [`${main}:1: /etc/d/gone.conf cannot be read: no such file`] },
    })
  })

  test('two on one line are one too many', () => {
    expect(
      read({ [main]: 'include=/etc/a.conf\rinclude=/etc/b.conf\r\n', '/etc/a.conf': '', '/etc/b.conf': '' }).oddities,
    ).toEqual([`${main}:1: FPM takes one include per line`])
  })
})

test('a main file that cannot be read is no configuration', () => {
  expect(
    readFpmConfig(
      '/etc/php-fpm.conf',
      () => ({ ok: false, says: 'permission denied' }),
      () => [],
      '/usr',
    ),
  ).toEqual({
    ok: false,
    says: '/etc/php-fpm.conf cannot be read: permission denied',
  })
})
