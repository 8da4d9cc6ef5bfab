import { expect, test } from 'vitest'
import { fileDiff } from './file-diff.ts'

const path = '/etc/php/8.2/fpm/pool.d/www.conf'

test('a changed line, with three lines around it', () => {
  expect(fileDiff(path, 'a\nb\nc\nd\nmax = 5\nf\n', 'a\nb\nc\nd\nmax = 10\nf\n')).toEqual({
    ok: true,
    diff: [`--- ${path}`, `+++ ${path}`, '@@ -2,5 +2,5 @@', ' b', ' c', ' d', '-max = 5', '+max = 10', ' f', ''].join(
      '\n',
    ),
  })
})

test('a new file, and one whose last line has no end', () => {
  expect(fileDiff(path, null, 'x\n')).toMatchObject({ diff: `--- /dev/null\n+++ ${path}\n@@ -0,0 +1,1 @@\n+x\n` })
  expect(fileDiff(path, 'x', 'x\n')).toMatchObject({
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
