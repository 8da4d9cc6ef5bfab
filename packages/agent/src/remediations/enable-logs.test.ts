import { describe, expect, test } from 'vitest'
import {
  sampleConfig,
  sampleFacts,
  sampleFpm,
  samplePool,
  samplePoolFile,
  samplePoolText,
} from '../survey/sample-facts.ts'
import type { FpmFacts } from '../survey/host-facts.ts'
import {
  sampleNginxConfig,
  sampleNginxMain,
  sampleNginxMainText,
  sampleNginxSite,
  sampleNginxSiteText,
} from '../survey/sample-nginx-config.ts'
import { addUpstreamLog } from './add-upstream-log.ts'
import { enableSlowlog } from './enable-slowlog.ts'
import { enableStatusPage } from './enable-status-page.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const www = { pool: 'php8.2-fpm/www' } as const
const factsWith = (pool: string, changes: Partial<FpmFacts> = {}) =>
  sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig({ pool }) }, ...changes })] })

describe('enable-status-page', () => {
  test('a socket of its own beside that of the pool, and no path that the pool would serve', () => {
    const facts = factsWith(samplePoolText)
    const after = filesAfter(facts, enableStatusPage.draft(facts, www))
    expect(after).toEqual({
      [samplePoolFile]: `${samplePoolText}pm.status_listen = /run/php/php8.2-fpm-www-status.sock\n`,
    })
    expect(mustDraft(enableStatusPage.draft(facts, www)).clears).toHaveLength(1)
  })

  test('with another pool without one, the finding stays', () => {
    const facts = factsWith(
      `${samplePoolText}[api]\nuser = api\nlisten = /run/php/api.sock\npm = static\npm.max_children = 1\n`,
    )
    expect(mustDraft(enableStatusPage.draft(facts, www)).clears).toEqual([])
  })

  test.each(['pm.status_path = /status', 'pm.status_listen = /run/x.sock'])('%s is one', (line) => {
    expect(enableStatusPage.draft(factsWith(`${samplePoolText}${line}\n`), www)).toMatchObject({
      kind: 'nothing-to-do',
    })
  })

  test.each([
    { is: 'PHP is too old', changes: { phpVersion: '7.4' }, toDo: 'pm.status_path' },
    { is: 'the version is not known', changes: { phpVersion: null }, toDo: 'pm.status_path' },
    {
      is: 'the pool listens on a port',
      changes: { pools: [samplePool({ listen: 'tcp:127.0.0.1:9000' })] },
      toDo: '127.0.0.1:PORT',
    },
    {
      is: 'the name is taken',
      changes: { listensOn: ['unix:/run/php/php8.2-fpm-www-status.sock' as const] },
      toDo: 'Choose another',
    },
    {
      is: 'the name is too long',
      changes: { pools: [samplePool({ listen: `unix:/run/${'x'.repeat(90)}/a.sock` })] },
      toDo: 'Choose another',
    },
  ])('is left to a person where $is', ({ changes, toDo }) => {
    expect(enableStatusPage.draft(factsWith(samplePoolText, changes), www)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining(toDo) as string,
    })
  })
})

describe('enable-slowlog', () => {
  const slow = { ...www, afterS: 5 }
  test('a log beside that of FPM, and who rotates it', () => {
    const facts = factsWith(samplePoolText)
    const drafted = enableSlowlog.draft(facts, slow)
    const after = filesAfter(facts, drafted)
    expect(after[samplePoolFile]).toBe(
      `${samplePoolText}slowlog = /var/log/php8.2-fpm.www.slow.log\nrequest_slowlog_timeout = 5s\n`,
    )
    expect(after['/etc/logrotate.d/fleetmend-php8.2-fpm-www-slow']).toContain('\n/var/log/php8.2-fpm.www.slow.log {\n')
    expect(mustDraft(drafted).clears).toEqual([
      { diagnosis: 'slowlog-off', subject: { kind: 'service', name: 'php8.2-fpm' } },
    ])
  })

  test('a log that is named already stays where it is', () => {
    const pool = `${samplePoolText}slowlog = /srv/log/slow\nrequest_slowlog_timeout = 0\n`
    const facts = factsWith(pool)
    expect(filesAfter(facts, enableSlowlog.draft(facts, slow))).toEqual({
      [samplePoolFile]: pool.replace('timeout = 0', 'timeout = 5s'),
    })
  })

  test('comes before the end that FPM puts to requests', () => {
    const facts = factsWith(`${samplePoolText}request_terminate_timeout = 3s\n`)
    expect(enableSlowlog.draft(facts, slow)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('afterS=3') as string,
    })
    expect(enableSlowlog.draft(facts, { ...www, afterS: 2 })).toMatchObject({ kind: 'draft' })
  })

  test('has no place where FPM does not log to a folder of logs', () => {
    const log = { ok: true, value: { path: '/proc/self/fd/2', entries: [] } } as const
    expect(enableSlowlog.draft(factsWith(samplePoolText, { log }), slow)).toMatchObject({ kind: 'refused' })
  })

  test('one that is kept is nothing to do', () => {
    expect(enableSlowlog.draft(sampleFacts(), slow)).toMatchObject({ kind: 'nothing-to-do' })
  })
})

describe('add-upstream-log', () => {
  const dropIn = '/etc/nginx/conf.d/00-fleetmend-upstream-log.conf'
  const nginx = (texts: Readonly<Record<string, string>> = {}) => sampleFacts({ nginxConfig: sampleNginxConfig(texts) })

  test('a file of its own where sites have their log from http', () => {
    const after = filesAfter(nginx(), addUpstreamLog.draft(nginx(), {}))
    expect(Object.keys(after)).toEqual([dropIn])
    expect(after[dropIn]).toContain(
      '\naccess_log /var/log/nginx/fleetmend-upstream.log fleetmend_upstream if=$fleetmend_has_upstream;\n',
    )
    for (const secret of ['$request ', '$request_uri', '$args', '$query_string', '$http_', '$cookie_'])
      expect(after[dropIn]).not.toContain(secret)
  })

  test('beside the log of a site that has one of its own', () => {
    const site = sampleNginxSiteText.replace('\tindex index.php;', '\taccess_log /var/log/nginx/shop.log;')
    const facts = nginx({ [sampleNginxSite]: site })
    const after = filesAfter(facts, addUpstreamLog.draft(facts, {}))
    expect(after[sampleNginxSite]).toContain(
      '\taccess_log /var/log/nginx/shop.log;\n\taccess_log /var/log/nginx/fleetmend-upstream.log fleetmend_upstream',
    )
    expect(after[dropIn]).not.toContain('access_log ')
  })

  test('once is enough', () => {
    expect(addUpstreamLog.draft(nginx({ [dropIn]: '' }), {})).toMatchObject({ kind: 'nothing-to-do' })
  })

  test.each([
    {
      is: 'http includes no folder for it',
      main: sampleNginxMainText.replace('\tinclude /etc/nginx/conf.d/*.conf;\n', ''),
    },
    { is: 'logs are switched off', main: sampleNginxMainText.replace('/var/log/nginx/access.log', 'off') },
    { is: 'no log is set', main: sampleNginxMainText.replace('\taccess_log /var/log/nginx/access.log;\n', '') },
  ])('is left to a person where $is', ({ main }) => {
    expect(addUpstreamLog.draft(nginx({ [sampleNginxMain]: main }), {})).toMatchObject({ kind: 'refused' })
  })
})
