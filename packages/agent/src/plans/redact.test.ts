import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileDiff } from './file-diff.ts'
import { redact } from './redact.ts'

test.each([
  { line: 'env[DB_PASSWORD] = hunter2', shows: 'env[DB_PASSWORD] = ••••••' },
  { line: 'php_admin_value[app.secret] = "s3cr3t"', shows: 'php_admin_value[app.secret] = ••••••' },
  { line: 'Environment=API_TOKEN=abc', shows: 'Environment=API_TOKEN=••••••' },
  { line: ';env[DB_PASSWORD] = old', shows: ';env[DB_PASSWORD] = ••••••' },
  {
    line: 'env[DATABASE_URL] = mysql://shop:hunter2@db/shop',
    shows: 'env[DATABASE_URL] = mysql://shop:••••••@db/shop',
  },
  { line: 'env[X] = AKIAIOSFODNN7EXAMPLEkey99', shows: 'env[X] = ••••••' },
  { line: 'pm.max_children = 5', shows: 'pm.max_children = 5' },
  { line: 'php_admin_flag[session.cookie_secure] = on', shows: 'php_admin_flag[session.cookie_secure] = on' },
  { line: 'include=/etc/php/8.2/fpm/pool.d/*.conf', shows: 'include=/etc/php/8.2/fpm/pool.d/*.conf' },
])('$line', ({ line, shows }) => {
  expect(redact(line).text).toBe(shows)
})

test('a redacted text has as many lines as the real one', () => {
  fc.assert(fc.property(fc.string(), (text) => redact(text).text.split('\n').length === text.split('\n').length))
})

test('a diff never shows a password that stands beside the change', () => {
  const before = 'env[DB_PASSWORD] = hunter2\npm.max_children = 5\n'
  const diff = fileDiff('/etc/php/8.2/fpm/pool.d/www.conf', before, before.replace('= 5', '= 10'))
  expect(diff).toMatchObject({ ok: true })
  expect(diff.ok && diff.diff).toContain('+pm.max_children = 10')
  expect(JSON.stringify(diff)).not.toContain('hunter2')
})

test('a change of a hidden line is refused, because nobody could see what they approve', () => {
  expect(fileDiff('/etc/x', 'env[DB_PASSWORD] = a\n', 'env[DB_PASSWORD] = b\n')).toMatchObject({ ok: false })
})
