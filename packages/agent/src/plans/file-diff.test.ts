import { expect, test } from 'vitest'
import { fileDiff } from './file-diff.ts'

const path = '/etc/php/8.2/fpm/pool.d/www.conf'

test('a changed line, with three lines around it', () => {
  const lines = (max: number) => `[www]\n; a\n; b\n; c\npm.max_children = ${max}\n; d\n`
  const shown = [' ; a', ' ; b', ' ; c', '-pm.max_children = 5', '+pm.max_children = 10', ' ; d', '']
  expect(fileDiff(path, lines(5), lines(10))).toEqual({
    ok: true,
    diff: [`--- ${path}`, `+++ ${path}`, '@@ -2,5 +2,5 @@', ...shown].join('\n'),
  })
})

test('a new file, and one whose last line has no end', () => {
  expect(fileDiff(path, null, '[www]\n')).toMatchObject({
    diff: `--- /dev/null\n+++ ${path}\n@@ -0,0 +1,1 @@\n+[www]\n`,
  })
  expect(fileDiff(path, '[www]', '[www]\n')).toMatchObject({
    diff: expect.stringContaining('No newline at end of file') as string,
  })
})

test('a secret beside the change is hidden, and one in the change is refused', () => {
  const secret = 'env[DB_PASSWORD] = hunter2'
  const beside = fileDiff(path, `${secret}\nmax = 5\n`, `${secret}\nmax = 10\n`)
  expect(beside).toMatchObject({ ok: true, diff: expect.stringContaining(' env[DB_PASSWORD] = ••••••') as string })
  expect(JSON.stringify(beside)).not.toContain('hunter2')
  expect(fileDiff(path, `${secret}\n`, 'env[DB_PASSWORD] = hunter3\n')).toMatchObject({ ok: false })
  expect(fileDiff(path, `${secret}\n`, '\n')).toMatchObject({ ok: false })
})

test('where a hidden line may change, that it did is shown on both sides, and not what it says', () => {
  const secret = (value: string) => `[www]\nenv[DB_PASSWORD] = ${value}\nenv[API_KEY] = hunter1\n`
  expect(fileDiff(path, secret('hunter2'), secret('hunter3'), true)).toEqual({
    ok: true,
    diff: [
      ...[`--- ${path}`, `+++ ${path}`, '@@ -1,3 +1,3 @@', ' [www]'],
      '-env[DB_PASSWORD] = •••••• (changed, hidden: before)',
      '+env[DB_PASSWORD] = •••••• (changed, hidden: after)',
      ' env[API_KEY] = ••••••',
      '',
    ].join('\n'),
  })
})
