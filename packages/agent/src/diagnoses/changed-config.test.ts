import { expect, test } from 'vitest'
import { readFpmLog } from '../readings/fpm-log.ts'
import { sampleDownFpm, sampleFacts, sampleFpm, sampleNowMs, samplePoolFile } from '../survey/sample-facts.ts'
import { sampleFailingSite } from '../survey/sample-sites.ts'
import { sampleDiffering, sampleLastGood } from '../survey/sample-last-good.ts'
import type { LastGoodFacts } from '../survey/last-good-facts.ts'
import { diagnose } from './diagnose.ts'

const configTest = {
  ok: true,
  value: {
    passes: false,
    exitCode: 78,
    says: [`[21-Nov-2026 02:51:00] ERROR: [${samplePoolFile}:6] unknown entry 'pm.max_childrn'`],
  },
} as const
const failed = { activeState: 'failed', subState: 'failed', execMainExitedMs: sampleNowMs - 60_000, execMainStatus: 78 }
const broken = (lastGood: LastGoodFacts | null) =>
  sampleFacts({ fpm: [sampleDownFpm(failed, { configTest, lastGood })], sites: [sampleFailingSite()] })
const seenLoad = {
  ok: true,
  value: {
    path: '/var/log/php8.2-fpm.log',
    entries: readFpmLog('[21-Nov-2026 02:00:00] NOTICE: ready to handle connections\n'),
  },
} as const
const findingOf = (facts: ReturnType<typeof sampleFacts>, id: string) =>
  diagnose(facts).findings.find(({ diagnosis }) => diagnosis === id)

test('a refused configuration is told with what changed since it was loaded, when and how', () => {
  const finding = findingOf(broken(sampleLastGood()), 'fpm-config-invalid')
  expect(finding?.says).toBe(
    `php8.2-fpm is down and cannot start: [${samplePoolFile}:6] unknown entry 'pm.max_childrn'; since it was loaded at ` +
      `2026-11-21T02:00:00.000Z, ${samplePoolFile} changed at 2026-11-21T02:50:00.000Z.`,
  )
  expect(finding?.remediations).toEqual([{ id: 'restore-config', input: { service: 'php8.2-fpm' } }])
  const change = finding?.evidence.find(({ diff }) => diff !== undefined)
  expect(change).toMatchObject({ source: samplePoolFile, at: '2026-11-21T02:50:00.000Z' })
  expect(change?.diff?.split('\n').filter((line) => /^[-+][^-+]/.test(line))).toEqual([
    '-pm.max_children = 5 ; as shipped',
    '+pm.max_childrn = 5 ; as shipped',
  ])
})

test('what is hidden stays hidden on both sides, and that it changed is said', () => {
  const differing = [
    sampleDiffering({ good: '[www]\nenv[DB_PASSWORD] = hunter2old\n', now: '[www]\nenv[DB_PASSWORD] = hunter2new\n' }),
  ]
  const finding = findingOf(broken(sampleLastGood({ differing })), 'fpm-config-invalid')
  expect(JSON.stringify(finding)).not.toContain('hunter2')
  expect(finding?.evidence.find(({ diff }) => diff)?.diff).toContain('(changed, hidden: after)')
})

test('the file that is complained of comes first, and of many a few are shown', () => {
  const later = Array.from({ length: 5 }, (_, i) =>
    sampleDiffering({ path: `/etc/php/8.2/fpm/pool.d/${i}.conf`, good: null, changedAtMs: sampleNowMs - i }),
  )
  const finding = findingOf(broken(sampleLastGood({ differing: [...later, sampleDiffering()] })), 'fpm-config-invalid')
  const shown = finding?.evidence.filter(({ diff }) => diff !== undefined).map(({ source }) => source)
  expect(shown).toEqual([samplePoolFile, '/etc/php/8.2/fpm/pool.d/0.conf', '/etc/php/8.2/fpm/pool.d/1.conf'])
  expect(finding?.says).toContain('0.conf appeared at 2026-11-21T03:00:00.000Z and 4 more are not as before.')
})

test('a file that was rewritten from top to bottom is shown by its beginning', () => {
  const now = Array.from({ length: 500 }, (_, i) => `; ${i}\n`).join('')
  const finding = findingOf(broken(sampleLastGood({ differing: [sampleDiffering({ now })] })), 'fpm-config-invalid')
  const lines =
    finding?.evidence
      .find(({ diff }) => diff)
      ?.diff?.trimEnd()
      .split('\n') ?? []
  expect(lines).toHaveLength(41)
  expect(lines.at(-1)).toMatch(/^… \d+ more lines$/)
})

test.each([
  { what: 'nothing was kept', lastGood: null },
  { what: 'the files are as they were', lastGood: sampleLastGood({ differing: [] }) },
])('where $what, nothing is claimed and nothing to restore suggested', ({ lastGood }) => {
  const finding = findingOf(broken(lastGood), 'fpm-config-invalid')
  expect(finding?.says).not.toContain('since')
  expect(finding?.remediations).toEqual([])
})

test('while FPM still runs, the risk is told the same way; and so it is of nginx', () => {
  const running = sampleFacts({ fpm: [sampleFpm({ configTest, lastGood: sampleLastGood() })] })
  expect(findingOf(running, 'config-latent-invalid')).toMatchObject({
    says: expect.stringContaining(`${samplePoolFile} changed at`) as string,
    remediations: [{ id: 'restore-config' }],
  })
  const facts = sampleFacts()
  const path = '/etc/nginx/sites-enabled/shop'
  const says = [`nginx: [emerg] unknown directive "sever" in ${path}:1`]
  const refusing = { ok: true, value: { passes: false, exitCode: 1, says } } as const
  const lastGood = sampleLastGood({ differing: [sampleDiffering({ path })] })
  const nginx = { ...facts.nginx, configTest: refusing, lastGood }
  expect(findingOf({ ...facts, nginx }, 'nginx-config-invalid')).toMatchObject({
    role: 'risk',
    says: expect.stringContaining(`since it was loaded at 2026-11-21T02:00:00.000Z, ${path} changed at`) as string,
    remediations: [{ id: 'restore-config', input: { service: 'nginx' } }],
  })
  expect(findingOf({ ...facts, nginx: { ...nginx, unit: null } }, 'nginx-config-invalid')?.remediations).toEqual([])
})

test('an edit that was taken back before anything loaded it is no risk any more', () => {
  const edited = { configModifiedMs: sampleNowMs - 60_000, log: seenLoad }
  const unloaded = (lastGood: LastGoodFacts | null) => sampleFacts({ fpm: [sampleFpm({ ...edited, lastGood })] })
  expect(findingOf(unloaded(null), 'config-not-loaded')).toBeDefined()
  expect(
    findingOf(unloaded(sampleLastGood({ isRunning: true })), 'config-not-loaded')?.evidence.at(-1)?.diff,
  ).toContain('+pm.max_childrn')
  expect(findingOf(unloaded(sampleLastGood({ differing: [] })), 'config-not-loaded')).toBeDefined()
  expect(findingOf(unloaded(sampleLastGood({ isRunning: true, differing: [] })), 'config-not-loaded')).toBeUndefined()
})
