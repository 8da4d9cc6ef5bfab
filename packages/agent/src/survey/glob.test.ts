import { expect, test } from 'vitest'
import { denied, fakeReadHost } from './fake-read-host.ts'
import { glob } from './glob.ts'

const host = fakeReadHost({
  tree: {
    '/etc/php/8.2/fpm/pool.d/www.conf': '',
    '/etc/php/8.2/fpm/pool.d/api.conf': '',
    '/etc/php/8.2/fpm/pool.d/Zoo.conf': '',
    '/etc/php/8.2/fpm/pool.d/10-a.conf': '',
    '/etc/php/8.2/fpm/pool.d/.hidden.conf': '',
    '/etc/php/8.2/fpm/pool.d/www.conf.bak': '',
    '/etc/php/8.3/fpm/pool.d/www.conf': '',
    '/etc/nginx/sites-available/shop': '',
    '/etc/nginx/sites-enabled/shop': { link: '../sites-available/shop' },
    '/etc/nginx/sites-enabled/gone': { link: '../sites-available/gone' },
    '/etc/nginx/sites-enabled/more': { link: '/etc/nginx/snippets' },
    '/etc/nginx/snippets/php.conf': '',
    '/etc/nginx/snippets.d/x.conf': '',
    '/etc/nginx/star*.conf': '',
    '/etc/empty': { is: 'directory' },
    '/etc/locked': denied,
    '/etc/locked/a.conf': '',
  },
})

test.each([
  {
    is: 'names come in byte order, and `*` matches no dotfile',
    pattern: '/etc/php/8.2/fpm/pool.d/*.conf',
    gives: ['10-a.conf', 'Zoo.conf', 'api.conf', 'www.conf'].map((name) => `/etc/php/8.2/fpm/pool.d/${name}`),
  },
  {
    is: 'a dotfile is matched by a dot',
    pattern: '/etc/php/8.2/fpm/pool.d/.*.conf',
    gives: ['/etc/php/8.2/fpm/pool.d/.hidden.conf'],
  },
  {
    is: 'folders on the way may be patterns',
    pattern: '/etc/php/*/fpm/pool.d/w?w.[a-c]onf',
    gives: ['/etc/php/8.2/fpm/pool.d/www.conf', '/etc/php/8.3/fpm/pool.d/www.conf'],
  },
  {
    is: 'links count as what they lead to, and one that leads nowhere is there still',
    pattern: '/etc/nginx/sites-enabled/*',
    gives: ['/etc/nginx/sites-enabled/gone', '/etc/nginx/sites-enabled/more/', '/etc/nginx/sites-enabled/shop'],
  },
  {
    is: 'folders are marked before they are sorted, so that the mark counts',
    pattern: '/etc/nginx/snip*',
    gives: ['/etc/nginx/snippets.d/', '/etc/nginx/snippets/'],
  },
  {
    is: 'a link to a folder is walked through',
    pattern: '/etc/nginx/sites-enabled/more/*.conf',
    gives: ['/etc/nginx/sites-enabled/more/php.conf'],
  },
  {
    is: 'a name without a pattern is itself',
    pattern: '/etc/nginx/snippets/php.conf',
    gives: ['/etc/nginx/snippets/php.conf'],
  },
  { is: 'a quoted star is a star', pattern: '/etc/nginx/star\\*.conf', gives: ['/etc/nginx/star*.conf'] },
  {
    is: 'a quoted slash is a slash',
    pattern: '/etc/nginx/snippets\\/php.conf',
    gives: ['/etc/nginx/snippets/php.conf'],
  },
  { is: 'a pattern that breaks off in a quote matches nothing', pattern: '/etc/nginx/snippets/php.conf\\', gives: [] },
  { is: 'a file that is missing is no match', pattern: '/etc/nginx/snippets/none.conf', gives: [] },
  { is: 'a folder that is missing holds nothing', pattern: '/etc/none/*.conf', gives: [] },
  { is: 'an empty folder holds nothing', pattern: '/etc/empty/*', gives: [] },
  { is: 'a folder that cannot be read holds nothing that is known', pattern: '/etc/locked/*.conf', gives: [] },
  { is: 'a file is no folder', pattern: '/etc/nginx/snippets/php.conf/*', gives: [] },
])('$is: $pattern', async ({ pattern, gives }) => {
  expect(await glob(host, pattern)).toEqual(gives)
})
