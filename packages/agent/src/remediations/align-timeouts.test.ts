import { describe, expect, test } from 'vitest'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import { sampleConfig, sampleFacts, samplePool, samplePoolFile, samplePoolText } from '../survey/sample-facts.ts'
import { samplePhpLocation, sampleSite } from '../survey/sample-sites.ts'
import { fpmLine, fpmWithLog, nginxLine } from '../survey/sample-lines.ts'
import { sampleNginxConfig, sampleNginxSite, sampleNginxSiteText } from '../survey/sample-nginx-config.ts'
import { alignTimeouts } from './align-timeouts.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const www = { pool: 'php8.2-fpm/www' } as const
const gaveUp = nginxLine({
  secondsAgo: 30,
  says: 'upstream timed out (110: Connection timed out) while reading response header from upstream',
})

/** A host whose pool has this limit, and whose nginx waits so long; null: not set. */
function factsWith(
  limit: string | null,
  wait: string | null,
  more: {
    readonly ended?: number
    readonly errors?: boolean
    readonly maxChildren?: number
    readonly pool?: string
  } = {},
) {
  const pool = `${samplePoolText}${limit === null ? '' : `request_terminate_timeout = ${limit}\n`}${more.pool ?? ''}`
  const site =
    wait === null
      ? sampleNginxSiteText
      : sampleNginxSiteText.replace('\tindex index.php;', `\tfastcgi_read_timeout ${wait};`)
  const entries: readonly FpmLogEntry[] = Array.from({ length: more.ended ?? 0 }, (_, i) => [
    fpmLine(
      `WARNING: [pool www] child ${300 + i}, script '/var/www/shop/a.php' (request: "GET /a.php") execution timed out (2.5 sec), terminating`,
      20,
    ),
    fpmLine(`WARNING: [pool www] child ${300 + i} exited on signal 15 (SIGTERM) after 9.1 seconds from start`, 20),
  ]).flat()
  return sampleFacts({
    fpm: [
      fpmWithLog(entries, {
        config: { ok: true, value: sampleConfig({ pool }) },
        pools: [samplePool({ maxChildren: more.maxChildren ?? 5 })],
      }),
    ],
    sites: [sampleSite({ phpLocations: [samplePhpLocation({ readTimeout: { text: wait ?? '60s', at: null } })] })],
    errors: more.errors ? [gaveUp, gaveUp] : [],
    nginxConfig: sampleNginxConfig({ [sampleNginxSite]: site }),
  })
}

describe('align-timeouts', () => {
  test('lets nginx wait for what FPM may do', () => {
    const facts = factsWith('120s', null)
    const drafted = alignTimeouts.draft(facts, www)
    expect(filesAfter(facts, drafted)).toEqual({
      [sampleNginxSite]: sampleNginxSiteText.replace('fpm.sock;\n', 'fpm.sock;\n\t\tfastcgi_read_timeout 165s;\n'),
    })
    expect(mustDraft(drafted)).toMatchObject({
      acts: [{ act: 'reload-nginx', service: 'nginx' }],
      disturbs: [],
      arithmetic: ['FPM looks every third of its limit: 120 s × 4/3 + 5 s = 165 s that nginx has to wait'],
    })
  })

  test('lets FPM work as long as nginx waits, where it ended requests before', () => {
    const facts = factsWith('2s', null, { ended: 2 })
    const drafted = alignTimeouts.draft(facts, www)
    const after = filesAfter(facts, drafted)
    expect(Object.keys(after)).toEqual([samplePoolFile])
    expect(after[samplePoolFile]).toContain('\nrequest_terminate_timeout = 40s\n')
    expect(mustDraft(drafted)).toMatchObject({
      acts: [{ act: 'reload-fpm' }],
      clears: [{ diagnosis: 'terminated-by-timeout' }],
      arithmetic: [expect.any(String), '2 such requests in 5 min would hold 1 of 5 workers at most'],
    })
  })

  test('does not where that would hold the workers of others', () => {
    expect(alignTimeouts.draft(factsWith('2s', null, { ended: 30 }), www)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('would hold 4 of the 5 workers') as string,
      toDo: expect.stringContaining('enable-slowlog') as string,
    })
  })

  test('does not where FPM may already work as long as nginx waits', () => {
    expect(alignTimeouts.draft(factsWith('50s', null, { ended: 2 }), www)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('limitS=100') as string,
    })
  })

  test('lets nginx wait as it does where nothing is set, where somebody made it give up early', () => {
    const facts = factsWith(null, '1s', { errors: true })
    expect(filesAfter(facts, alignTimeouts.draft(facts, www))).toEqual({
      [sampleNginxSite]: sampleNginxSiteText.replace('\tindex index.php;', '\tfastcgi_read_timeout 60s;'),
    })
  })

  test('sets a limit where there is none, not shorter than what is answered now', () => {
    const facts = factsWith(null, null, { errors: true })
    const drafted = alignTimeouts.draft(facts, www)
    const after = filesAfter(facts, drafted)
    expect(after[samplePoolFile]).toContain('request_terminate_timeout = 60s\n')
    expect(after[sampleNginxSite]).toContain('fastcgi_read_timeout 85s;')
    expect(mustDraft(drafted)).toMatchObject({
      warnings: [expect.stringContaining('an answer that comes in pieces')],
      acts: [{ act: 'reload-nginx' }, { act: 'reload-fpm' }],
    })
  })

  test('the limit is never shorter than the slow log allows', () => {
    const facts = factsWith(null, null, { pool: 'request_slowlog_timeout = 90s\nslowlog = /var/log/slow.log\n' })
    expect(filesAfter(facts, alignTimeouts.draft(facts, www))[samplePoolFile]).toContain('terminate_timeout = 90s\n')
    expect(alignTimeouts.draft(facts, { ...www, limitS: 30 })).toMatchObject({ kind: 'refused' })
  })

  test.each([
    { is: 'a limit of its own', limit: '120s', wait: null, input: { limitS: 40 }, fpm: '40s', nginx: null },
    { is: 'a longer one', limit: '2s', wait: null, input: { limitS: 90 }, fpm: '90s', nginx: '125s' },
    { is: 'a wait of its own', limit: '30s', wait: null, input: { waitS: 300 }, fpm: null, nginx: '300s' },
  ])('takes $is', ({ limit, wait, input, fpm, nginx }) => {
    const facts = factsWith(limit, wait)
    const after = filesAfter(facts, alignTimeouts.draft(facts, { ...www, ...input }))
    expect(/terminate_timeout = (\w+)/.exec(after[samplePoolFile] ?? '')?.[1] ?? null).toBe(fpm)
    expect(/read_timeout (\w+)/.exec(after[sampleNginxSite] ?? '')?.[1] ?? null).toBe(nginx)
  })

  test('two that contradict each other are refused', () => {
    expect(alignTimeouts.draft(factsWith('120s', null), { ...www, limitS: 60, waitS: 60 })).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('limitS=40') as string,
    })
  })

  test('what fits is nothing to do', () => {
    expect(alignTimeouts.draft(factsWith('30s', null), www)).toMatchObject({ kind: 'nothing-to-do' })
  })

  test.each([
    ['no page should take so long', '3600s', null],
    ['a time with a variable is not guessed', '30s', '$wait'],
  ])('%s', (_, limit, wait) => {
    expect(alignTimeouts.draft(factsWith(limit, wait), www)).toMatchObject({ kind: 'refused' })
  })
})
