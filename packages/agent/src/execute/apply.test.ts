import { describe, expect, test } from 'vitest'
import { createApplyRecord } from '../state/apply-record.ts'
import { loadPlan } from '../state/plan-store.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { apply } from './apply.ts'
import { planKinds, scene, type PlanKind } from './sample-apply.ts'
import { dropInPath, poolAfter, poolBefore, type World } from './simulated-world.ts'

const kinds = Object.keys(planKinds) as PlanKind[]
const poolPath = '/etc/php/8.2/fpm/pool.d/www.conf'

const filesOf = (world: World) =>
  [...world.files]
    .map(([path, { bytes, mode, uid, gid }]) => ({ path, text: Buffer.from(bytes).toString(), mode, uid, gid }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
const edit = (world: World, path: string, text: string) => {
  const file = world.files.get(path)
  if (file) world.files.set(path, { ...file, bytes: Buffer.from(text), modifiedMs: world.fpm.nowMs + 88_000 })
}

describe.each(kinds)('a plan to %s', (kind) => {
  test('is carried through, fixes the host and loses no request', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, kind)
    const report = await at.apply()
    expect(report).toMatchObject({ phase: 'closed', outcome: 'fixed', problem: null, verdict: { cleared: true } })
    expect(at.world.fpm).toMatchObject({ isUp: true, lostRequests: 0, master: { state: 'S' } })
    expect(at.world.fpm.loaded).toBe(at.world.fpm.readPool())
  })

  test('is applied once: the second time it is refused, and nothing is done', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, kind)
    await at.apply()
    expect(await loadPlan(folder.state, at.record.plan.digest, 'web-7', at.world.fpm.nowMs)).toMatchObject({
      problem: { code: 'plan-used' },
    })
    const { executor, host } = at.agent()
    const again = await createApplyRecord(
      folder.state,
      at.record.plan,
      { kind: 'local-root', by: ['ben'] },
      at.world.fpm.nowMs,
    )
    if (!again.ok) throw new Error(again.says)
    expect(await apply(executor, again.value)).toMatchObject({ outcome: 'refused', problem: { code: 'plan-used' } })
    expect(host.deeds).toEqual([])
  })
})

describe.each(kinds.filter((kind) => 'files' in planKinds[kind]))('a plan to %s that does not help', (kind) => {
  test.each(['never-clear', 'sites-fail-after'] as const)(
    'is rolled back to every byte, mode and owner (%s)',
    async (eyes) => {
      await using folder = await temporaryState()
      const at = await scene(folder.state, kind)
      const before = {
        files: filesOf(at.world),
        directories: [...at.world.directories],
        dropIns: at.world.loadedDropIns,
        loaded: at.world.fpm.loaded,
      }
      const report = await at.apply({}, eyes)
      expect(report).toMatchObject({ phase: 'closed', outcome: 'rolled-back', problem: { code: 'not-verified' } })
      expect({
        files: filesOf(at.world),
        directories: [...at.world.directories],
        dropIns: at.world.loadedDropIns,
        loaded: at.world.fpm.loaded,
      }).toEqual(before)
      expect(at.world.fpm.lostRequests).toBe(0)
    },
  )
})

test('a plan without changes that does not help is told as not fixed, and its service is left alone', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'start only')
  expect(await at.apply({}, 'never-clear')).toMatchObject({ outcome: 'not-fixed', problem: { code: 'not-verified' } })
  expect(at.world.fpm.isUp).toBe(true)
})

describe('before anything is changed a plan is refused, and the difference is named, when', () => {
  const cases: {
    readonly what: string
    readonly kind: PlanKind
    readonly happens: (world: World) => void
    readonly code: string
    readonly says: string
  }[] = [
    {
      what: 'a file was edited',
      kind: 'edit and reload',
      happens: (world) => edit(world, poolPath, `${poolBefore}; mine\n`),
      code: 'plan-is-stale',
      says: `${poolPath} was edited at 03:11:09 UTC, after the plan was made at 03:09:40 UTC.`,
    },
    {
      what: 'a file was removed',
      kind: 'edit and reload',
      happens: (world) => world.files.delete(poolPath),
      code: 'plan-is-stale',
      says: `${poolPath} was removed`,
    },
    {
      what: 'a mode was changed',
      kind: 'edit and reload',
      happens: (world) => world.files.set(poolPath, { ...world.files.get(poolPath)!, mode: 0o600 }),
      code: 'plan-is-stale',
      says: 'has mode 0600',
    },
    {
      what: 'the file to be made is there',
      kind: 'drop-in and daemon-reload',
      happens: (world) => world.files.set(dropInPath, { ...world.files.get(poolPath)!, bytes: Buffer.from('x') }),
      code: 'plan-is-stale',
      says: `${dropInPath} exists now`,
    },
    {
      what: 'systemd would not understand the file',
      kind: 'drop-in and daemon-reload',
      happens: (world) => (world.unitComplaints = `${dropInPath}:2: Unknown key 'Restrat'\n`),
      code: 'check-failed',
      says: 'Restrat',
    },
    {
      what: 'the configuration is broken by now',
      kind: 'reload only',
      happens: (world) => edit(world, poolPath, `${poolBefore}unknown_directive = 1\n`),
      code: 'check-failed',
      says: 'unknown_directive',
    },
  ]
  test.each(cases)('$what', async ({ kind, happens, code, says }) => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, kind)
    happens(at.world)
    const { executor, host } = at.agent()
    expect(await apply(executor, at.record)).toMatchObject({
      outcome: 'refused',
      problem: { code, detail: expect.stringContaining(says) },
    })
    expect(host.deeds).toEqual([])
  })

  test('the master is another one, or a unit is in another state', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'reload only', {
      rests: [
        { of: 'master', service: 'php8.2-fpm', pid: 1, startTicks: 2 },
        { of: 'unit', service: 'php8.2-fpm', activeState: 'failed', unitFileState: 'enabled', loadState: 'loaded' },
      ],
    })
    const report = await at.apply()
    expect(report.problem).toMatchObject({ code: 'plan-is-stale' })
    expect(report.problem?.detail).toContain('its master was process 1 and is')
    expect(report.problem?.detail).toContain('php8.2-fpm is active now, and was failed')
  })

  test.each(['activating', 'deactivating'])(
    'but not because one that was %s is given up by now: it was down before',
    async (activeState) => {
      await using folder = await temporaryState()
      const rests = [
        { of: 'unit', service: 'php8.2-fpm', activeState, unitFileState: 'enabled', loadState: 'loaded' },
      ] as const
      const at = await scene(folder.state, 'start only', { rests })
      expect(at.world.fpm.activeState).toBe('failed')
      expect(await at.apply()).toMatchObject({ outcome: 'fixed' })
    },
  )

  test('a person stops meanwhile what had died', async () => {
    await using folder = await temporaryState()
    const rests = [
      { of: 'unit', service: 'php8.2-fpm', activeState: 'failed', unitFileState: 'enabled', loadState: 'loaded' },
    ] as const
    const at = await scene(folder.state, 'start only', { rests })
    const stoppedAtMs = at.world.fpm.nowMs + 300
    Object.defineProperty(at.world.fpm, 'activeState', {
      get: () => (at.world.fpm.nowMs < stoppedAtMs ? 'deactivating' : 'inactive'),
    })
    expect((await at.apply()).problem?.detail).toContain('php8.2-fpm is inactive now, and was failed')
  })

  test('a guard does not hold; the plan may be tried again later', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload', {
      basis: { exact: [], guards: [{ guard: 'memory-available', atLeastMiB: 5000 }] },
    })
    expect(await at.apply()).toMatchObject({
      outcome: 'refused',
      problem: { code: 'guard-failed', detail: expect.stringContaining('4000 MiB of memory are available') },
    })
    expect(await loadPlan(folder.state, at.record.plan.digest, 'web-7', at.world.fpm.nowMs)).toMatchObject({ ok: true })
  })

  test('its time is over', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'reload only')
    at.world.fpm.nowMs += 3_600_000
    expect(await at.apply()).toMatchObject({ outcome: 'refused', problem: { code: 'plan-expired' } })
  })
})

test('a live check that fails puts the files back before the service hears of them', async () => {
  await using folder = await temporaryState()
  const broken = `${poolAfter}unknown_directive = 1\n`
  // Only the written file is tested here: what a planned check missed.
  const at = await scene(folder.state, 'edit and reload', {
    files: [{ path: poolPath, before: poolBefore, after: broken, mode: '0640', group: 'www-data' }],
    checks: [{ when: 'live', check: 'fpm-config', service: 'php8.2-fpm' }],
  })
  const report = await at.apply()
  expect(report).toMatchObject({ outcome: 'rolled-back', problem: { code: 'act-failed' } })
  expect(at.world.fpm).toMatchObject({ loaded: poolBefore, isUp: true })
  expect(at.world.fpm.readPool()).toBe(poolBefore)
})

test('the whole story stands in the timeline', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'edit and reload', { watchMs: 15_000 })
  const report = await at.apply()
  expect(report.timeline.map(({ says }) => says.replace(/master \d+/, 'master N'))).toEqual([
    'Admitted: tune-pool, allowed by ana.',
    'FPM accepts the configuration of php8.2-fpm.',
    'The plan fits this host, and its checks pass.',
    'Writing /etc/php/8.2/fpm/pool.d/www.conf.',
    'Every file is written.',
    'Holding the master of php8.2-fpm still while its workers finish.',
    'Reloaded php8.2-fpm without losing a request: 2 workers finished first. The master N read its configuration anew and is ready; 4 new workers.',
    'Looking again, then watching for 15 s.',
    'Clear: pool-exhausted of php8.2-fpm. The one probe passes.',
    'Clear: pool-exhausted of php8.2-fpm. The one probe passes. No request was logged meanwhile.',
    'Fixed.',
  ])
})
