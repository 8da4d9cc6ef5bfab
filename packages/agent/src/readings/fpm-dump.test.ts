import { expect, test } from 'vitest'
import { readFpmDump } from './fpm-dump.ts'

const dump = `[21-Nov-2026 02:14:10] NOTICE: [global]
[21-Nov-2026 02:14:10] NOTICE: \tpid = /run/php/php8.2-fpm.pid
[21-Nov-2026 02:14:10] NOTICE: \tprocess_control_timeout = 0s
[21-Nov-2026 02:14:10] NOTICE:  
[21-Nov-2026 02:14:10] NOTICE: [www]
[21-Nov-2026 02:14:10] NOTICE: \tslowlog = undefined
[21-Nov-2026 02:14:10] NOTICE: \taccess.format = "%m" = %s
[21-Nov-2026 02:14:10] NOTICE: \tenv[A] = newest
[21-Nov-2026 02:14:10] NOTICE: \tenv[A] = oldest
[21-Nov-2026 02:14:10] NOTICE: \tphp_value[empty] = 
[21-Nov-2026 02:14:10] NOTICE: \tphp_value[cr] = a$\r
[21-Nov-2026 02:14:10] NOTICE:  
[21-Nov-2026 02:14:10] NOTICE: configuration file /etc/php/8.2/fpm/php-fpm.conf test is successful

`

test('a dump has its sections with their directives', () => {
  const read = readFpmDump(dump)
  if (!read.ok) throw new Error(read.says)
  expect([...read.value].map(([section, directives]) => [section, Object.fromEntries(directives)])).toEqual([
    ['global', { pid: '/run/php/php8.2-fpm.pid', process_control_timeout: '0s' }],
    [
      'www',
      {
        slowlog: 'undefined',
        'access.format': '"%m" = %s',
        'env[A]': 'newest',
        'php_value[empty]': '',
        'php_value[cr]': 'a$\r',
      },
    ],
  ])
})

test('with log_level debug each line names its source, which is skipped', () => {
  const verbose = dump.replace(
    /02:14:10\] NOTICE: /g,
    '02:14:10.383539] NOTICE: pid 21282, fpm_conf_dump(), line 1720: ',
  )
  expect(readFpmDump(verbose)).toEqual(readFpmDump(dump))
})

test('silence is not an empty configuration', () => {
  expect(readFpmDump('')).toMatchObject({ ok: false, says: expect.stringContaining('log_level') })
})
