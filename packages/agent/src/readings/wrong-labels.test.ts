import { expect, test } from 'vitest'
import { readWrongLabels } from './wrong-labels.ts'

test('matchpathcon 3.4 names the file, its label and the one of the policy', () => {
  const printed =
    '/run/php verified.\n' +
    '/run/php/php8.2-fpm.sock has context system_u:object_r:user_home_t:s0, should be system_u:object_r:httpd_runtime_t:s0\n' +
    '/srv/none/x.sock error: No such file or directory\n'
  expect(readWrongLabels(printed)).toEqual([
    {
      path: '/run/php/php8.2-fpm.sock',
      is: 'system_u:object_r:user_home_t:s0',
      shouldBe: 'system_u:object_r:httpd_runtime_t:s0',
    },
  ])
  expect(readWrongLabels('')).toEqual([])
})
