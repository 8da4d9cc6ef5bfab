import { expect, test } from 'vitest'
import { sampleConfig, sampleFacts, sampleFpm } from '../../survey/sample-facts.ts'
import { statusPageOff } from './status-page-off.ts'

const judged = (phpVersion: string) =>
  statusPageOff.judge(sampleFacts({ fpm: [sampleFpm({ phpVersion, config: { ok: true, value: sampleConfig() } })] }))

test('is switched on for each pool, where PHP can serve it on an address of its own', () => {
  expect(judged('8.2')).toMatchObject([
    { role: 'note', remediations: [{ id: 'enable-status-page', input: { pool: 'php8.2-fpm/www' } }] },
  ])
  expect(judged('7.4')).toMatchObject([
    { remediations: [], withoutRemediation: expect.stringContaining('pm.status_path = /fpm-status') as string },
  ])
})
