/** What every plan that reloads PHP-FPM does about idle connections that nginx keeps to it. */
import { expect, test } from 'vitest'
import { sampleCapacity, sampleFacts, sampleNowMs } from '../survey/sample-facts.ts'
import { sampleNginxConfig } from '../survey/sample-nginx-config.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { reloadFpm } from './reload-fpm.ts'
import { restartFpm } from './restart-fpm.ts'
import { mustDraft } from './sample-edits.ts'
import { tunePool } from './tune-pool.ts'

const group = {
  group: 'php',
  addresses: ['unix:/run/php/php8.2-fpm.sock'],
  perWorker: 16,
  setAt: '/etc/nginx/sites-enabled/default:3',
  keptBy: '/etc/nginx/sites-enabled/default:9',
} as const
const input = { service: 'php8.2-fpm', deadlineMs: 20_000 }

interface Kept {
  readonly editedMs?: number
  readonly changes?: Partial<HostFacts['nginx']>
}

function kept({ editedMs = sampleNowMs - 7_200_000, changes = {} }: Kept = {}): HostFacts {
  const { nginx } = sampleCapacity()
  const capacity = sampleCapacity({ nginx: nginx && { ...nginx, kept: [group], configModifiedMs: editedMs } })
  const facts = sampleFacts({ nginxConfig: sampleNginxConfig(), capacity })
  return { ...facts, nginx: { ...facts.nginx, ...changes } }
}

test('nginx is reloaded with it: tested first, told to whoever approves, and bound to what it has loaded', () => {
  const draft = mustDraft(reloadFpm.draft(kept(), input))
  expect(draft).toMatchObject({
    acts: [{ act: 'reload-fpm', service: 'php8.2-fpm', deadlineMs: 20_000, reloadsNginx: true }],
    guards: [{ guard: 'nginx-loaded' }],
  })
  expect(draft.checks).toContainEqual({ when: 'planned', check: 'nginx-config', service: 'nginx' })
  expect(draft.basis).toContainEqual(expect.objectContaining({ of: 'master', service: 'nginx' }))
  expect(draft.disturbs.join(' ')).toMatch(/nginx is reloaded .* www \(\/etc\/nginx\/sites-enabled\/default:3\)/)
})

test('a bound of its own stays beside it', () => {
  const draft = mustDraft(tunePool.draft(kept(), { pool: 'php8.2-fpm/www', maxChildren: 6 }))
  expect(draft.guards).toContainEqual({ guard: 'nginx-loaded' })
  expect(draft.guards).toContainEqual(expect.objectContaining({ guard: 'memory-available' }))
})

test('without connections that are kept nginx is left alone', () => {
  expect(mustDraft(reloadFpm.draft(sampleFacts({ nginxConfig: sampleNginxConfig() }), input))).toMatchObject({
    acts: [{ act: 'reload-fpm', service: 'php8.2-fpm', deadlineMs: 20_000 }],
    guards: [],
  })
})

test('nginx that does not run keeps none', () => {
  const facts = kept({ changes: { master: null, workerPids: [] } })
  expect(mustDraft(reloadFpm.draft(facts, input)).guards).toEqual([])
})

const refusedTest = { ok: true, value: { passes: false, exitCode: 1, says: [] } } as const

test.each([
  {
    what: 'it would load an edit that is not part of the plan',
    facts: kept({ editedMs: sampleNowMs - 60_000 }),
    because: /gives them up only when it is reloaded with it\. That would also load what was edited there at 2026/,
    toDo: /fleetmend-agent plan reload-nginx/,
  },
  {
    what: 'nginx refuses its files',
    facts: kept({ changes: { configTest: refusedTest } }),
    because: /nginx refuses the files on disk/,
    toDo: /-t/,
  },
])('refused where $what, and a restart is not', ({ facts, because, toDo }) => {
  expect(reloadFpm.draft(facts, input)).toMatchObject({
    kind: 'refused',
    because: expect.stringMatching(because) as string,
    toDo: expect.stringMatching(toDo) as string,
  })
  expect(restartFpm.draft(facts, { service: 'php8.2-fpm', anyway: true })).toMatchObject({ kind: 'draft' })
})
