/** A viewer, whose token is good, calls everything that changes something. Nothing of it happens, and all of it is on record. */
import { afterAll, expect, test } from 'vitest'
import { apiRouter } from '../../packages/controller/src/api/router.ts'
import { planRun } from '../scenarios/begin-run.ts'
import { clientOf, codeOf, tokenFor } from '../scenarios/people-client.ts'
import { openWorld } from '../scenarios/world.ts'
import { attack } from './attack-table.ts'

const attacker = 'a viewer'

const mutations = Object.entries(apiRouter._def.procedures)
  .filter(([, procedure]) => (procedure as { readonly _def: { readonly type: string } })._def.type === 'mutation')
  .map(([path]) => path)

const world = await openWorld()
afterAll(() => world[Symbol.asyncDispose]())
const host = await world.add('web-1')
host.killFpm()
const run = await planRun(world.api())
const { id: token, secret } = await tokenFor(world, 'mallory', 'viewer')
const viewer = await clientOf(world, secret)

/** All that any of them could want, so that none is refused for its input. */
const input = {
  run: run.id,
  by: 'root',
  reason: 'mine',
  host: 'web-1',
  labels: {},
  lifeMs: 60_000,
  name: 'mallory',
  roles: ['admin'],
  id: token,
}

for (const path of mutations)
  attack({ attacker, attempt: `calls ${path}`, refusedWith: 'not-permitted' }, () =>
    codeOf(viewer.peer.mutation(path, input)),
  )

attack({ attacker, attempt: 'keeps hosts busy with diagnoses', refusedWith: 'not-permitted' }, async () => {
  const asking = async () => {
    for await (const each of viewer.api.diagnose.subscribe({ target: {} })) expect(each).toBe('nothing')
  }
  return await codeOf(asking())
})

test('afterwards nothing has changed, the viewer still sees it, and every attempt is on record', async () => {
  expect(mutations.length).toBeGreaterThan(15)
  const { run: now } = await viewer.api.runs.show.query({ run: run.id })
  expect([now.state, now.approvals]).toEqual(['awaiting-approval', []])
  expect((await viewer.api.hosts.list.query({})).map(({ id, connected }) => [id, connected])).toEqual([['web-1', true]])
  expect((await world.api().tokens.list.query()).map(({ name, roles }) => `${name} ${roles.join()}`)).toEqual([
    'mallory viewer',
  ])
  const record = JSON.stringify(await world.api().audit.list.query({ by: 'mallory', limit: 1000 }))
  expect(mutations.filter((path) => !record.includes(path))).toEqual([])
})
