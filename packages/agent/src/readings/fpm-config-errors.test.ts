import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { textOf } from './bytes.ts'
import { readFpmConfigErrors } from './fpm-config-errors.ts'

/** Each `NAME.txt` is what `php-fpm8.2 -F -O -t` (or, where `-t` passes, the start) of PHP 8.2.32 wrote to stderr. */
const cases = new URL('./cases/fpm-config-errors/', import.meta.url)
const names = readdirSync(cases)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.slice(0, -'.txt'.length))
  .toSorted()

function recorded(name: string) {
  return readFpmConfigErrors(textOf(readFileSync(new URL(`${name}.txt`, cases))))
}

describe('what FPM says when it refuses its configuration or cannot start', () => {
  test('is read from every recorded start', async () => {
    const read = Object.fromEntries(names.map((name) => [name, recorded(name)]))
    await expect(`${JSON.stringify(read, null, 2)}\n`).toMatchFileSnapshot('./cases/fpm-config-errors/read.json')
  })

  test.each(names.filter((name) => name !== 'passes'))('has a cause: %s', (name) => {
    expect(recorded(name)).not.toEqual([])
  })

  test('is nothing where the configuration passes', () => {
    expect(recorded('passes')).toEqual([])
  })

  test('names file and line where FPM does', () => {
    expect(recorded('misspelt-directive')).toEqual([
      { path: '/etc/php/8.2/fpm/pool.d/www.conf', line: 9, says: "unknown entry 'pm.max_childern'" },
    ])
  })

  test('names the file of a syntax error by what FPM could not include, as the ini parser does not know it', () => {
    expect(recorded('syntax-error-in-pool-file')).toEqual([
      { path: '/etc/php/8.2/fpm/pool.d/www.conf', says: "syntax error, unexpected '='" },
    ])
    expect(recorded('syntax-error-in-main-file')).toMatchObject([{ path: '/etc/php/8.2/fpm/php-fpm.conf' }])
  })

  test('names the pool whose numbers contradict each other', () => {
    expect(recorded('spare-above-max-children')).toEqual([
      {
        pool: 'www',
        says: 'pm.min_spare_servers(1) and pm.max_spare_servers(3) cannot be greater than pm.max_children(2)',
      },
    ])
    expect(recorded('debug-level')).toEqual(recorded('spare-above-max-children'))
  })

  test('keeps the include that matched nothing, which is why there is no pool', () => {
    expect(recorded('include-matches-nothing')).toEqual([
      {
        path: '/etc/php/8.2/fpm/php-fpm.conf',
        line: 4,
        says: "Nothing matches the include pattern '/etc/php/8.2/fpm/pool.d/*.conf'",
      },
      { says: 'No pool defined. at least one pool section must be specified in config file' },
    ])
  })

  test('is read as well where FPM logs to syslog, which changes how it writes to stderr', () => {
    expect(recorded('logging-to-syslog')).toEqual(recorded('spare-above-max-children'))
  })
})
