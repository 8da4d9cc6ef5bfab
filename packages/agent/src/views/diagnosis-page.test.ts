import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { remediations } from '../remediations/registry.ts'
import { diagnosisPage } from './diagnosis-page.ts'
import { containersDiagnoses } from '../diagnoses/containers/containers-diagnoses.ts'
import { diagnoses } from '../diagnoses/registry.ts'

const folder = fileURLToPath(new URL('../../../../docs/generated/diagnoses', import.meta.url))

const all = [...diagnoses, ...containersDiagnoses]

test.each(all.map((diagnosis) => ({ id: diagnosis.id, diagnosis })))(
  'the page of $id in docs/generated is what the code says',
  async ({ id, diagnosis }) => {
    await expect(diagnosisPage(diagnosis, remediations)).toMatchFileSnapshot(`${folder}/${id}.md`)
  },
)

test('no page is left of a diagnosis that is gone', () => {
  const known = new Set(all.map(({ id }) => `${id}.md`))
  expect(readdirSync(folder).filter((file) => !known.has(file))).toEqual([])
})
