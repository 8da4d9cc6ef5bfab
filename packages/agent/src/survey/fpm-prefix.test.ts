import { expect, test } from 'vitest'
import { fpmPrefix } from './fpm-prefix.ts'

test.each([
  { of: 'Debian', binary: '/usr/sbin/php-fpm8.2', prefix: '/usr' },
  { of: 'RHEL', binary: '/usr/sbin/php-fpm', prefix: '/usr' },
  { of: 'a build by hand and the Docker image', binary: '/usr/local/sbin/php-fpm', prefix: '/usr/local' },
  { of: 'Remi', binary: '/opt/remi/php82/root/usr/sbin/php-fpm', prefix: '/opt/remi/php82/root/usr' },
  { of: 'a folder that only begins alike', binary: '/usr/locals/php-fpm', prefix: '/usr' },
])('relative paths of $of begin at $prefix', ({ binary, prefix }) => {
  expect(fpmPrefix(binary)).toBe(prefix)
})
