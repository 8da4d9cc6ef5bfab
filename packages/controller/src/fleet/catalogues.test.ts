import type { Catalogue, Hello } from '@fleetmend/shared'
import { briefly } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { openCatalogues } from './catalogues.ts'

function helloOf(host: string, ...diagnoses: readonly string[]): Hello {
  const catalogue = { diagnoses: diagnoses.map((id) => ({ id, title: id, meaning: id })), remediations: [] }
  return { host, agentVersion: '0.1.0', os: null, spoken: { newest: 1, oldest: 1 }, catalogue }
}

const forever = new Promise<never>(() => undefined)

/** A host that is asked, answers as agents do, and stays until `ended`. */
function arrive(
  catalogues: ReturnType<typeof openCatalogues>,
  hello: Hello,
  ended: Promise<unknown> = forever,
): { readonly said: Hello; readonly catalogue: Catalogue | undefined } {
  const asked = catalogues.ask()
  const said = briefly(hello, asked)
  return { said, catalogue: asked.complete(said, ended)?.catalogue }
}

test('the first of many tells its catalogue, the others name it, and all have the same one', () => {
  const catalogues = openCatalogues()
  const first = arrive(catalogues, helloOf('web-1', 'fpm-down'))
  const second = arrive(catalogues, helloOf('web-2', 'fpm-down'))
  expect(second.said).toMatchObject({ catalogue: { diagnoses: [] }, known: expect.any(String) as string })
  expect(second.catalogue).toBe(first.catalogue)
  expect(second.catalogue?.diagnoses).toHaveLength(1)
})

test('hosts that answer at the same time share one as well', () => {
  const catalogues = openCatalogues()
  const both = ['web-1', 'web-2'].map((host) => ({ asked: catalogues.ask(), said: helloOf(host, 'fpm-down') }))
  const [first, second] = both.map(({ asked, said }) => asked.complete(said, forever)?.catalogue)
  expect(second).toBe(first)
})

test('one that no connected host has is told again', async () => {
  const catalogues = openCatalogues()
  const left = Promise.resolve()
  arrive(catalogues, helloOf('web-1', 'fpm-down'), left)
  await left
  expect(arrive(catalogues, helloOf('web-1', 'fpm-down')).said.known).toBeUndefined()
})

test('one that was asked about is completed though its last host left meanwhile', async () => {
  const catalogues = openCatalogues()
  const left = Promise.resolve()
  arrive(catalogues, helloOf('web-1', 'fpm-down'), left)
  const asked = catalogues.ask()
  await left
  expect(asked.complete(briefly(helloOf('web-2', 'fpm-down'), asked), forever)?.catalogue.diagnoses).toHaveLength(1)
})

test('whoever names one that it was not asked about has said nothing', () => {
  const asked = openCatalogues().ask()
  expect(asked.complete({ ...helloOf('web-1'), known: `sha256:${'0'.repeat(64)}` }, forever)).toBeNull()
})

test('of many, those that most hosts have are named', () => {
  const catalogues = openCatalogues()
  for (let n = 0; n < 20; n++) arrive(catalogues, helloOf(`odd-${n}`, `diagnosis-${n}`))
  for (const host of ['web-1', 'web-2']) arrive(catalogues, helloOf(host, 'fpm-down'))
  expect(catalogues.ask().knows).toHaveLength(8)
  expect(arrive(catalogues, helloOf('web-3', 'fpm-down')).said.known).toBeDefined()
})
