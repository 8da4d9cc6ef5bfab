import { describe, expect, test } from 'vitest'
import { sampleFacts } from '../survey/sample-facts.ts'
import {
  sampleNginxConfig,
  sampleNginxMain,
  sampleNginxMainText,
  sampleNginxSite,
  sampleNginxSiteText,
} from '../survey/sample-nginx-config.ts'
import { disableFastcgiKeepalive } from './disable-fastcgi-keepalive.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const www = { pool: 'php8.2-fpm/www' } as const
const factsWith = (texts: Readonly<Record<string, string>>) => sampleFacts({ nginxConfig: sampleNginxConfig(texts) })

describe('disable-fastcgi-keepalive', () => {
  test('switches it off in the location that keeps them', () => {
    const site = sampleNginxSiteText.replace('fpm.sock;', 'fpm.sock; fastcgi_keep_conn on; # fast')
    const facts = factsWith({ [sampleNginxSite]: site })
    expect(filesAfter(facts, disableFastcgiKeepalive.draft(facts, www))).toEqual({
      [sampleNginxSite]: site.replace('keep_conn on', 'keep_conn off'),
    })
  })

  test('switches it off where all sites have it from, and says so', () => {
    const main = sampleNginxMainText.replace('sendfile on;', 'fastcgi_keep_conn on;')
    const facts = factsWith({
      [sampleNginxMain]: main,
      '/etc/nginx/sites-enabled/zoo': 'server { server_name zoo.example; }\n',
    })
    const drafted = disableFastcgiKeepalive.draft(facts, www)
    expect(filesAfter(facts, drafted)).toEqual({ [sampleNginxMain]: main.replace('keep_conn on', 'keep_conn off') })
    expect(mustDraft(drafted).warnings).toEqual([
      'What stands at /etc/nginx/nginx.conf:13 holds for 2 servers: shop.example, zoo.example.',
    ])
  })

  test.each([
    { is: 'nothing sets it', line: '' },
    { is: 'a nearer one switches it off', line: 'fastcgi_keep_conn off;' },
  ])('nothing to do where $is', ({ line }) => {
    const main = sampleNginxMainText.replace('sendfile on;', line === '' ? 'sendfile on;' : 'fastcgi_keep_conn on;')
    const site = sampleNginxSiteText.replace('fpm.sock;', `fpm.sock; ${line}`)
    const facts = factsWith({ [sampleNginxMain]: main, [sampleNginxSite]: site })
    expect(disableFastcgiKeepalive.draft(facts, www)).toMatchObject({ kind: 'nothing-to-do' })
  })
})
