import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadPlan, markPlanUsed, savePlan } from './plan-store.ts'
import { sampleMadeAtMs, samplePlan } from './sample-plan.ts'
import type { StateFolder } from './state-folder.ts'
import { temporaryState } from './temporary-state.ts'

const files = [
  {
    path: '/etc/php/8.2/fpm/pool.d/www.conf',
    before: 'pm.max_children = 5\nenv[PW] = geheim\n',
    after: 'pm.max_children = 10\nenv[PW] = geheim\n',
  },
  { path: '/etc/systemd/system/php8.2-fpm.service.d/50-fleetmend.conf', before: null, after: '[Service]\n' },
]

async function stored(state: StateFolder) {
  const plan = samplePlan(state.key, { files })
  expect(await savePlan(state, plan.record, plan.sealed)).toEqual({ ok: true })
  const { digest } = plan.record
  return { ...plan, digest, load: (nowMs = sampleMadeAtMs, host = 'web-7') => loadPlan(state, digest, host, nowMs) }
}

test('a stored plan comes back with its document and its bytes', async () => {
  await using folder = await temporaryState()
  const { record, sealed, load } = await stored(folder.state)
  expect(await load()).toEqual({ ok: true, value: { record, sealed } })
})

test('the public document holds nothing of the real bytes', async () => {
  await using folder = await temporaryState()
  const { digest } = await stored(folder.state)
  expect(await readFile(join(folder.state.plans, `${digest.slice(7)}.json`), 'utf8')).not.toContain('geheim')
})

describe('a plan is refused when', () => {
  test.each([
    { what: 'nobody made it', digest: `sha256:${'0'.repeat(64)}` },
    { what: 'the digest is a path', digest: '../../etc/passwd' },
    { what: 'the digest is empty', digest: '' },
  ])('$what', async ({ digest }) => {
    await using folder = await temporaryState()
    expect(await loadPlan(folder.state, digest, 'web-7', sampleMadeAtMs)).toMatchObject({
      ok: false,
      problem: { code: 'unknown-plan' },
    })
  })

  test('a byte of its document was changed', async () => {
    await using folder = await temporaryState()
    const { digest, load } = await stored(folder.state)
    const path = join(folder.state.plans, `${digest.slice(7)}.json`)
    await writeFile(path, (await readFile(path, 'utf8')).replace('too small', 'too large'))
    expect(await load()).toMatchObject({ ok: false, problem: { code: 'plan-tampered' } })
  })

  test.each(['0.before', '0.after', '1.after'])('its sealed bytes %s were changed', async (name) => {
    await using folder = await temporaryState()
    const { digest, load } = await stored(folder.state)
    await writeFile(join(folder.state.sealedPlans, digest.slice(7), name), 'pm.max_children = 99\n')
    const loaded = await load()
    expect(loaded).toMatchObject({ ok: false, problem: { code: 'plan-tampered' } })
  })

  test('it was made for another host', async () => {
    await using folder = await temporaryState()
    const { load } = await stored(folder.state)
    expect(await load(sampleMadeAtMs, 'web-8')).toMatchObject({ ok: false, problem: { code: 'plan-tampered' } })
  })

  test.each([
    { what: 'its time is over', laterMs: 3_600_000 },
    { what: 'the clock was set back to before it was made', laterMs: -120_000 },
  ])('$what', async ({ laterMs }) => {
    await using folder = await temporaryState()
    const { load } = await stored(folder.state)
    expect(await load(sampleMadeAtMs + laterMs)).toMatchObject({ ok: false, problem: { code: 'plan-expired' } })
  })

  test('it was applied before, and it says as what', async () => {
    await using folder = await temporaryState()
    const { digest, load } = await stored(folder.state)
    await markPlanUsed(folder.state, digest, 'a-20261121-031000-9f3c')
    expect(await load()).toMatchObject({
      ok: false,
      problem: { code: 'plan-used', detail: expect.stringContaining('a-20261121-031000-9f3c') },
    })
  })
})

test('only the newest plans are kept', async () => {
  await using folder = await temporaryState()
  for (let index = 0; index < 205; index++) {
    const { record, sealed } = samplePlan(folder.state.key, { nonce: index.toString(16).padStart(32, '0') })
    await savePlan(folder.state, record, sealed)
  }
  expect(await readdir(folder.state.plans)).toHaveLength(200)
  expect(await readdir(folder.state.sealedPlans)).toHaveLength(200)
})
