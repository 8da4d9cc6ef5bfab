import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { diagnoses } from '../diagnoses/registry.ts'
import { remediations } from '../remediations/registry.ts'
import { remediationPage } from './remediation-page.ts'

const folder = fileURLToPath(new URL('../../../../docs/generated/remediations', import.meta.url))

test.each(remediations.map((remediation) => ({ id: remediation.id, remediation })))(
  'the page of $id in docs/generated is what the code says',
  async ({ id, remediation }) => {
    await expect(remediationPage(remediation, diagnoses)).toMatchFileSnapshot(`${folder}/${id}.md`)
  },
)

test('no page is left of a remediation that is gone', () => {
  const known = new Set(remediations.map(({ id }) => `${id}.md`))
  expect(readdirSync(folder).filter((file) => !known.has(file))).toEqual([])
})
