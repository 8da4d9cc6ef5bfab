import { fileURLToPath } from 'node:url'
import { Policy } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { readPolicy } from '../readings/yaml/policy-text.ts'
import { policyExample } from './policy-example.ts'

const packaged = fileURLToPath(new URL('../../../../packaging/etc/fleetmend/policy.yaml', import.meta.url))

test('the packaged example is what the schema says', async () => {
  await expect(policyExample()).toMatchFileSnapshot(packaged)
})

test('as it is packaged it changes nothing', () => {
  expect(readPolicy(policyExample())).toEqual({ ok: true, value: Policy.parse({}) })
})

test('with every default spelt out it says the same', () => {
  const spelt = policyExample().replaceAll(/^#(?! \S|$)/gm, '')
  expect(spelt).toContain('\nchangesPerHour: 6\n')
  expect(spelt).toContain('\n  restarts: 2\n')
  expect(readPolicy(spelt)).toEqual({ ok: true, value: Policy.parse({}) })
})

test('every key is there', () => {
  for (const key of Object.keys(Policy.parse({}))) expect(policyExample()).toContain(`\n#${key}:`)
})
