import { expect, test } from 'vitest'
import { readNginxConfig } from './nginx-config.ts'
import { includesIn } from './nginx-includes.ts'

test('what a block includes itself, not what stands in comments, in other blocks or in a block within', () => {
  const text = `include modules/*.conf;
http {
  # include old.conf;
  include mime.types;
  server { include snippet.conf; }
  map $a $b { include map.conf; }
  include "conf.d/*.conf";
}
`
  const reading = readNginxConfig(
    '/etc/nginx/nginx.conf',
    (path) => ({ ok: true, text: path === '/etc/nginx/nginx.conf' ? text : '' }),
    () => [],
  )
  if (!reading.ok) throw new Error(reading.says)
  const http = reading.value.directives.find(({ name }) => name === 'http')!
  expect(includesIn(reading.value, http)).toEqual(['mime.types', 'conf.d/*.conf'])
  expect(
    includesIn(
      reading.value,
      http.block!.find(({ name }) => name === 'server')!,
    ),
  ).toEqual(['snippet.conf'])
})
