import { expect, test } from 'vitest'
import { readNginxDump } from './nginx-dump.ts'

test('each file of a dump comes with its own bytes, with and without a line end of its own', () => {
  const text =
    '# configuration file /etc/nginx/nginx.conf:\ninclude a b;\n\n# configuration file /etc/nginx/a b:\nx y;\n# configuration file /etc/nginx/empty:\n\n'
  expect(readNginxDump(text)).toEqual([
    { path: '/etc/nginx/nginx.conf', text: 'include a b;\n' },
    { path: '/etc/nginx/a b', text: 'x y;' },
    { path: '/etc/nginx/empty', text: '' },
  ])
})

test('what is no dump has no files', () => {
  expect(readNginxDump('nginx: configuration file /etc/nginx/nginx.conf test failed\n')).toEqual([])
})
