/** What only waits carries nothing that it does not need: all of `@fleetmend/shared` is 0.7 MB of memory on every host. */
import { expect, test } from 'vitest'
import { importsOf, productSources, resolved } from './sources.ts'

test('the serving agent takes single files of what is shared', () => {
  const sources = new Map(productSources().map((source) => [source.path, source]))
  const reached = new Set(['packages/agent/src/serving.ts'])
  const whole: string[] = []
  for (const path of reached) {
    const source = sources.get(path)
    if (!source) continue
    for (const { from, typeOnly } of importsOf(source)) {
      if (typeOnly) continue
      if (from === '@fleetmend/shared') whole.push(path)
      reached.add(resolved(source, from))
    }
  }
  expect([...reached]).toContain('packages/agent/src/serve/take-renewal.ts')
  expect(whole).toEqual([])
})
