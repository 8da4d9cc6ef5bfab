import { expect, test } from 'vitest'
import { readSshDestination } from './ssh-destination.ts'

test.each([
  { alias: 'web-1', is: { user: null, host: 'web-1', port: null } },
  { alias: 'deploy@web-1', is: { user: 'deploy', host: 'web-1', port: null } },
  { alias: 'deploy@web-1:2222', is: { user: 'deploy', host: 'web-1', port: 2222 } },
  { alias: 'ana@corp.example@web-1', is: { user: 'ana@corp.example', host: 'web-1', port: null } },
  { alias: 'ssh://deploy@web-1:2222', is: { user: 'deploy', host: 'web-1', port: 2222 } },
  { alias: 'ssh://ana%40corp@[::1]:2222/', is: { user: 'ana@corp', host: '::1', port: 2222 } },
  { alias: '[fe80::1]:2222', is: { user: null, host: 'fe80::1', port: 2222 } },
  { alias: '[::1]', is: { user: null, host: '::1', port: null } },
  { alias: '::1', is: { user: null, host: '::1', port: null } },
])('$alias means $is', ({ alias, is }) => {
  expect(readSshDestination(alias)).toEqual({ ok: true, value: is })
})

test.each([
  { says: 'what could be an option', words: ['-oProxyCommand=id', 'ana@-oProxyCommand=id', '-l@web', 'ssh://-web'] },
  { says: 'what means something to a shell', words: ['web;id', '$(id)', '`id`', 'a"b@web', 'a;id@web', 'web&'] },
  {
    says: 'blanks and control characters',
    words: ['web 1', 'web\n1', 'web\u0000', '\tweb', 'a\u001b[1m@web', 'we\u0085b'],
  },
  { says: 'no name', words: ['', '@web', 'ana@', ':22', 'ssh://', 'ssh://@web', 'ssh://ana@', 'ssh://%zz@web'] },
  { says: 'a bad port', words: ['web-1:0', 'web-1:99999', 'web-1:', 'web-1:22x', '[::1]:0', 'ssh://web:0'] },
  { says: 'brackets that do not end', words: ['[::1', '[::1]x', 'web]', 'ssh://[::1'] },
  { says: 'a path', words: ['ssh://web/etc', 'ssh://web:22/etc'] },
])('$says is refused', ({ words }) => {
  expect(words.filter((word) => readSshDestination(word).ok)).toEqual([])
})
