/** Diffs as they stand in a plan that people read are those that GNU patch takes, whatever lines a file has. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plainPaint, planBody } from '@fleetmend/shared'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDiff } from '../../packages/agent/src/plans/file-diff.ts'
import { planOf } from '../../packages/controller/test/sample-run.ts'

/** What looks like a part of a diff, or is nothing to look at, is a line like others. */
const line = fc.constantFrom(
  '',
  ' ',
  '  ',
  '[www]',
  'pm = static',
  '; was 5',
  '\tlisten',
  '-a',
  '+b',
  '--- c',
  '+++ d',
  '@@ -1 +1 @@',
)
const text = fc
  .tuple(fc.array(line, { maxLength: 14 }), fc.boolean())
  .map(([lines, ends]) => (lines.length === 0 ? '' : `${lines.join('\n')}${ends ? '\n' : ''}`))
const file = fc.oneof(
  { weight: 5, arbitrary: text.filter((each) => each !== '') },
  { weight: 1, arbitrary: fc.constant(null) },
)

test('before, the text of a plan and patch make what is planned', () => {
  fc.assert(
    fc.property(file, file, (before, after) => {
      fc.pre(before !== after)
      expect(patched(before, after)).toBe(after)
    }),
    { numRuns: 150 },
  )
})

function patched(before: string | null, after: string | null): string | null {
  const path = '/etc/php/8.2/fpm/pool.d/www.conf'
  const { plan, forecast } = planOf('web-1')
  const [change] = plan.changes
  if (change?.of !== 'file') throw new Error('The sample plan changes a file.')
  const shown = planBody(
    { ...plan, changes: [{ ...change, diff: openDiff(path, before, after) }] },
    forecast,
    plainPaint,
  )
  const root = mkdtempSync(join(tmpdir(), 'fleetmend-patch-'))
  mkdirSync(join(root, path, '..'), { recursive: true })
  if (before !== null) writeFileSync(join(root, path), before)
  const ran = spawnSync('patch', ['-p1', '-d', root], { input: shown, encoding: 'utf8' })
  expect(ran.status, `${ran.stdout}${ran.stderr}${shown}`).toBe(0)
  const result = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null
  rmSync(root, { recursive: true })
  return result
}
