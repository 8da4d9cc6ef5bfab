import { expect, test } from 'vitest'
import { readFpmConfig } from '../readings/fpm-config.ts'
import { readWithFiles, type ConfigSources } from './config-files.ts'
import { denied, fakeReadHost, type Entry } from './fake-read-host.ts'

const main = '/etc/php/8.2/fpm/php-fpm.conf'
const pools = '/etc/php/8.2/fpm/pool.d'

async function configOf(tree: Readonly<Record<string, Entry>>) {
  const reading = await readWithFiles(fakeReadHost({ tree }), (sources) =>
    readFpmConfig(main, sources.read, sources.glob, '/usr'),
  )
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}

test('an include brings its files in the order of their names, and the last word wins', async () => {
  const config = await configOf({
    [main]: `include=${pools}/*.conf\n`,
    [`${pools}/www.conf`]: '[www]\npm.max_children = 5\n',
    [`${pools}/zz-docker.conf`]: '[www]\npm.max_children = 9\n',
    [`${pools}/.www.conf.swp`]: '[swap]\n',
    [`${pools}/old.conf/www.conf`]: '[old]\n',
  })
  expect(config.files.map((file) => file.path)).toEqual([main, `${pools}/www.conf`, `${pools}/zz-docker.conf`])
  expect(config.pools.map((pool) => [pool.name, pool.directives.get('pm.max_children')?.value])).toEqual([['www', '9']])
  expect(config.oddities).toEqual([])
})

test('files that are included by included files are fetched, too', async () => {
  const config = await configOf({
    [main]: `include=${pools}/*.conf`,
    [`${pools}/www.conf`]: '[www]\ninclude=/srv/*/limits.conf\n',
    '/srv/a/limits.conf': 'pm.max_children = 7\ninclude = lib/more.conf\n',
    '/usr/lib/more.conf': 'pm = static\n',
  })
  const [www] = config.pools
  expect(www?.directives.get('pm.max_children')).toMatchObject({ value: '7', path: '/srv/a/limits.conf', line: 1 })
  expect(www?.directives.get('pm')).toMatchObject({ value: 'static', path: '/usr/lib/more.conf' })
})

test.each([
  {
    is: 'nothing that matches',
    tree: {},
    odd: `${main}:1: nothing matches the include ${pools}/*.conf`,
  },
  {
    is: 'a file that may not be read',
    tree: { [`${pools}/www.conf`]: denied },
    odd: `${main}:1: ${pools}/www.conf cannot be read: permission denied`,
  },
  {
    is: 'a link that leads nowhere',
    tree: { [`${pools}/www.conf`]: { link: '/srv/gone.conf' } },
    odd: `${main}:1: ${pools}/www.conf cannot be read: no such file or directory`,
  },
  {
    is: 'a file that is too big to be configuration',
    tree: { [`${pools}/www.conf`]: `;${'x'.repeat(1024 * 1024)}` },
    odd: `${main}:1: ${pools}/www.conf cannot be read: bigger than 1048576 bytes`,
  },
])('the reading is told of $is', async ({ tree, odd }) => {
  const config = await configOf({ [main]: `include=${pools}/*.conf\n`, ...tree })
  expect(config.oddities).toEqual([odd])
})

test('bytes that are no text stay as they are', async () => {
  const tree = { [main]: { bytes: Buffer.from('; caf\xe9\n', 'latin1') } }
  expect((await configOf(tree)).files[0]?.text).toBe('; caf\xe9\n')
})

test('a reading gets every file once, however often it is run again', async () => {
  const tree = { '/a': '/b', '/b': '/c', '/c': '' }
  const host = fakeReadHost({ tree })
  const opened: string[] = []
  const counting = { ...host, readFile: (path: string) => (opened.push(path), host.readFile(path)) }
  const chain = ({ read }: ConfigSources): readonly string[] => {
    const found: string[] = []
    for (let path = '/a'; path !== '';) {
      const file = read(path)
      found.push(path)
      path = file.ok ? file.text : ''
    }
    return found
  }
  expect(await readWithFiles(counting, chain)).toEqual(['/a', '/b', '/c'])
  expect(opened).toEqual(['/a', '/b', '/c'])
})

test('a reading that asks for ever is given up', async () => {
  let asked = 0
  const value = await readWithFiles(fakeReadHost(), ({ read }) => read(`/file-${asked++}`))
  expect(value).toEqual({ ok: false, says: 'not read yet' })
  expect(asked).toBeLessThan(100)
})
