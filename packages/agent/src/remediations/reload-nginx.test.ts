/** nginx loads what was edited, unless that would cut sites off. */
import { expect, test } from 'vitest'
import {
  samplePass,
  samplePeer,
  sampleUnreached,
  sampleUpstream,
  sampleWayToNothing,
} from '../survey/sample-addresses.ts'
import { sampleCapacity, sampleFacts, sampleNowMs } from '../survey/sample-facts.ts'
import { sampleNginxConfig } from '../survey/sample-nginx-config.ts'
import { reloadNginx } from './reload-nginx.ts'
import { mustDraft } from './sample-edits.ts'

const nginxConfig = sampleNginxConfig()
const gone = 'unix:/run/php/php7.4-fpm.sock'
const editedMs = sampleNowMs - 60_000

function edited() {
  const capacity = sampleCapacity()
  return sampleCapacity({ nginx: capacity.nginx && { ...capacity.nginx, configModifiedMs: editedMs } })
}

test('loads an edit, and says that it cannot be taken back', () => {
  const drafted = mustDraft(reloadNginx.draft(sampleFacts({ nginxConfig, capacity: edited() }), {}))
  expect(drafted).toMatchObject({
    acts: [{ act: 'reload-nginx', service: 'nginx' }],
    checks: [{ when: 'planned', check: 'nginx-config' }],
    clears: [{ diagnosis: 'config-not-loaded', subject: { kind: 'service', name: 'nginx' } }],
    disturbs: [],
  })
  expect(drafted.warnings.join(' ')).toMatch(/not undone by a rollback/)
})

test('without an edit there is nothing to clear', () => {
  expect(mustDraft(reloadNginx.draft(sampleFacts({ nginxConfig }), {}))).toMatchObject({ clears: [], warnings: [] })
})

test('refused where the new files send a site to where nobody answers', () => {
  const facts = sampleFacts({
    nginxConfig,
    capacity: edited(),
    passes: [samplePass({ modifiedMs: editedMs, peers: [samplePeer(gone, { modifiedMs: editedMs })] })],
    upstreams: [
      sampleUnreached(gone, 'ENOENT', { way: sampleWayToNothing('/run/php/php7.4-fpm.sock') }),
      sampleUpstream(),
    ],
  })
  expect(reloadNginx.draft(facts, {})).toMatchObject({
    kind: 'refused',
    because: expect.stringContaining(
      'After a reload of nginx, shop.example would ask for PHP at /run/php/php7.4-fpm.sock',
    ) as string,
  })
})

test('refused where nginx does not accept its files', () => {
  const facts = sampleFacts({ nginxConfig })
  const configTest = { ok: true, value: { passes: false, exitCode: 1, says: [] } } as const
  expect(reloadNginx.draft({ ...facts, nginx: { ...facts.nginx, configTest } }, {})).toMatchObject({ kind: 'refused' })
})
