import { describe, expect, test } from 'vitest'
import type { NginxErrorEntry } from '../../readings/nginx-error-log.ts'
import type { SiteFacts } from '../../survey/host-facts.ts'
import { sampleFacts } from '../../survey/sample-facts.ts'
import { sampleAnsweringSite, samplePhpLocation, sampleSite } from '../../survey/sample-sites.ts'
import { nginxLine } from '../../survey/sample-lines.ts'
import { headerTooBig } from './header-too-big.ts'
import { scriptDenied } from './script-denied.ts'
import { scriptNotFound } from './script-not-found.ts'

const stderr =
  (said: string) =>
  (secondsAgo: number, host = 'shop.example') =>
    nginxLine({
      secondsAgo,
      host,
      says: `FastCGI sent in stderr: "${said}" while reading response header from upstream`,
    })
const unknown = stderr('Primary script unknown')
const denied = stderr("Access to the script '/srv/shop/index.php' has been denied (see security.limit_extensions)")

const requests = (status: number, count: number, total = 40): Pick<SiteFacts, 'requests'> => ({
  requests: {
    ok: true,
    value: {
      total,
      byStatus: new Map([
        [status, count],
        [200, total - count],
      ]),
    },
  },
})

describe('header-too-big', () => {
  const big = (secondsAgo: number, changes: Partial<Parameters<typeof nginxLine>[0]> = {}) =>
    nginxLine({
      secondsAgo,
      says: 'upstream sent too big header while reading response header from upstream',
      request: 'GET /login.php HTTP/1.1',
      ...changes,
    })
  const judge = (errors: readonly NginxErrorEntry[], sites = [sampleSite()]) =>
    headerTooBig.judge(sampleFacts({ errors, sites }))

  test('says where, how large the buffer is, and what would raise it', () => {
    const site = sampleSite({
      phpLocations: [samplePhpLocation({ headerBuffer: { text: '8k', at: '/etc/nginx/nginx.conf:30' } })],
    })
    const [finding] = judge([big(60), big(50)], [site])
    expect(finding).toMatchObject({
      role: 'cause',
      remediations: [{ id: 'raise-header-buffers', input: { pool: 'php8.2-fpm/www' } }],
    })
    expect(finding!.evidence).toMatchObject([
      { says: '"upstream sent too big header" 2 times, mostly at /login.php' },
      { source: '/etc/nginx/nginx.conf:30', says: 'fastcgi_buffer_size 8k' },
    ])
  })

  test('more than anybody should need is not given: the page is', () => {
    const site = sampleSite({ phpLocations: [samplePhpLocation({ headerBuffer: { text: '128k', at: null } })] })
    expect(judge([big(60), big(50)], [site])).toMatchObject([
      { role: 'cause', remediations: [], withoutRemediation: expect.stringContaining('curl -sD -') as string },
    ])
  })

  test('one alone is a note; old ones, and those from before nginx was reloaded, are over', () => {
    expect(judge([big(60)])).toMatchObject([{ role: 'note' }])
    expect(judge([big(3600), big(3500)])).toEqual([])
    expect(judge([big(60, { pid: 40 }), big(50, { pid: 40 })])).toEqual([])
  })
})

describe('script-not-found', () => {
  const judge = (errors: readonly NginxErrorEntry[], site: SiteFacts) =>
    scriptNotFound.judge(sampleFacts({ errors, sites: [site] }))
  const gone = { phpLocations: [samplePhpLocation({ scriptFolder: { path: '/srv/41', exists: false } })] }

  test('the front page itself, asked for just now, with the folder that is not there', () => {
    expect(judge([unknown(0)], sampleAnsweringSite(404, gone))).toMatchObject([
      {
        role: 'cause',
        subject: { kind: 'pool', name: 'php8.2-fpm/www' },
        says: 'php8.2-fpm/www does not find the scripts of shop.example: /srv/41 is not there.',
      },
    ])
  })

  test('most requests of the last minutes', () => {
    expect(judge([unknown(60)], sampleAnsweringSite(200, requests(404, 30)))).toMatchObject([{ role: 'cause' }])
  })

  test.each([
    {
      is: 'scanned for scripts that it does not have',
      errors: [unknown(60), unknown(50), unknown(40)],
      site: sampleAnsweringSite(200, requests(404, 15)),
    },
    { is: 'without a front page, and scanned a minute ago', errors: [unknown(60)], site: sampleAnsweringSite(404) },
    {
      is: 'beside another one that has the fault',
      errors: [unknown(0, 'blog.example')],
      site: sampleAnsweringSite(404),
    },
    {
      is: 'that had the fault an hour ago',
      errors: [unknown(3600)],
      site: sampleAnsweringSite(404, requests(404, 40)),
    },
    {
      is: 'whose application writes these words',
      errors: [stderr('PHP message: Primary script unknown')(0)],
      site: sampleAnsweringSite(404, requests(404, 40)),
    },
  ])('a site $is has no such fault', ({ errors, site }) => {
    expect(judge(errors, site)).toEqual([])
  })
})

describe('script-denied', () => {
  const judge = (errors: readonly NginxErrorEntry[], site: SiteFacts) =>
    scriptDenied.judge(sampleFacts({ errors, sites: [site] }))

  test('the front page itself, asked for just now', () => {
    const [finding] = judge([denied(0)], sampleAnsweringSite(403))
    expect(finding).toMatchObject({
      role: 'cause',
      says: 'php8.2-fpm/www refuses to run the scripts of shop.example (403).',
    })
    expect(finding!.evidence.map(({ says }) => says).join()).not.toContain('/srv/shop')
  })

  test('a file that the user of the pool may not read', () => {
    const unreadable = stderr('Unable to open primary script: /srv/shop/index.php (Permission denied)')
    expect(judge([unreadable(0)], sampleAnsweringSite(403))).toMatchObject([{ role: 'cause' }])
  })

  test('attempts on uploads are refused as they should be', () => {
    expect(judge([denied(60), denied(50)], sampleAnsweringSite(200))).toEqual([])
    expect(judge([denied(60)], sampleAnsweringSite(403))).toEqual([])
  })
})
