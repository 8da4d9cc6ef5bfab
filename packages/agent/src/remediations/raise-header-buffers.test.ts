import { describe, expect, test } from 'vitest'
import { sampleFacts } from '../survey/sample-facts.ts'
import { nginxLine } from '../survey/sample-lines.ts'
import {
  sampleNginxConfig,
  sampleNginxMain,
  sampleNginxMainText,
  sampleNginxSite,
  sampleNginxSiteText,
} from '../survey/sample-nginx-config.ts'
import { raiseHeaderBuffers } from './raise-header-buffers.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const errors = [
  nginxLine({ secondsAgo: 60, says: 'upstream sent too big header while reading response header from upstream' }),
]
const factsWith = (texts: Readonly<Record<string, string>> = {}) =>
  sampleFacts({ errors, nginxConfig: sampleNginxConfig(texts) })
const www = { pool: 'php8.2-fpm/www' } as const

describe('raise-header-buffers', () => {
  test('adds what nothing sets to the location, with the buffers that nginx wants beside it', () => {
    const facts = factsWith()
    const drafted = raiseHeaderBuffers.draft(facts, www)
    expect(filesAfter(facts, drafted)).toEqual({
      [sampleNginxSite]: sampleNginxSiteText.replace(
        'fpm.sock;\n',
        'fpm.sock;\n\t\tfastcgi_buffer_size 16k;\n\t\tfastcgi_buffers 9 4k;\n',
      ),
    })
    expect(mustDraft(drafted)).toMatchObject({
      because: 'Headers of php8.2-fpm/www get 16k instead of 4k (fastcgi_buffer_size).',
      acts: [{ act: 'reload-nginx', service: 'nginx' }],
      disturbs: [],
      warnings: [],
      basis: [{ of: 'master', service: 'nginx', pid: 50, startTicks: 3000 }],
    })
  })

  test('changes what is set where it stands, the companions at that level too, and names whom it concerns', () => {
    const main = sampleNginxMainText.replace('\tsendfile on;\n', '\tfastcgi_buffer_size 8k; # cookies\n')
    const other = 'server { server_name blog.example; location / { return 200; } }\n'
    const facts = factsWith({ [sampleNginxMain]: main, '/etc/nginx/sites-enabled/blog': other })
    const drafted = raiseHeaderBuffers.draft(facts, www)
    expect(filesAfter(facts, drafted)).toEqual({
      [sampleNginxMain]: main.replace('fastcgi_buffer_size 8k;', 'fastcgi_buffer_size 32k;\n\tfastcgi_buffers 17 4k;'),
    })
    expect(mustDraft(drafted).warnings).toEqual([
      'What stands at /etc/nginx/nginx.conf:13 holds for 2 servers: blog.example, shop.example.',
    ])
  })

  test('a smaller value further in is the one that is raised', () => {
    const site = sampleNginxSiteText.replace('\tindex', '\tfastcgi_buffers 4 4k;\n\tindex').replace('\n\n\t#', '\n\t#')
    const main = sampleNginxMainText.replace('\tsendfile on;', '\tfastcgi_buffer_size 8k; fastcgi_buffers 16 8k;')
    const facts = factsWith({ [sampleNginxMain]: main, [sampleNginxSite]: site })
    expect(filesAfter(facts, raiseHeaderBuffers.draft(facts, www))).toEqual({
      [sampleNginxMain]: main.replace('size 8k', 'size 32k'),
      [sampleNginxSite]: site.replace('buffers 4 4k', 'buffers 17 4k'),
    })
  })

  test('says what else the reload would load', () => {
    const { nginx, ...rest } = factsWith()
    const facts = { ...rest, nginx: { ...nginx, loadedAtMs: rest.takenAtMs - 10_000_000 } }
    expect(mustDraft(raiseHeaderBuffers.draft(facts, www)).warnings).toEqual([
      expect.stringContaining('that comes into force as well'),
    ])
  })

  test('refuses to give more than anybody should need', () => {
    const site = sampleNginxSiteText.replace('\tindex index.php;', '\tfastcgi_buffer_size 128k;')
    expect(raiseHeaderBuffers.draft(factsWith({ [sampleNginxSite]: site }), www)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('do not even fit into 128k') as string,
    })
  })

  test('enough already is nothing to do', () => {
    const site = sampleNginxSiteText.replace('\tindex index.php;', '\tfastcgi_buffer_size 32k;')
    const facts = factsWith({ [sampleNginxSite]: site })
    expect(raiseHeaderBuffers.draft(facts, { ...www, bufferKiB: 16 })).toMatchObject({ kind: 'nothing-to-do' })
  })

  test('sizes that are not understood are left to a person', () => {
    const site = sampleNginxSiteText.replace('\tindex index.php;', '\tfastcgi_buffers 8 $size;')
    expect(raiseHeaderBuffers.draft(factsWith({ [sampleNginxSite]: site }), www)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('fastcgi_buffer_size 16k') as string,
    })
  })

  test.each([
    { is: 'does not run', change: { master: null }, toDo: 'systemctl start nginx' },
    { is: 'is run by nobody that could be told', change: { unit: null }, toDo: 'kill -HUP 50' },
    {
      is: 'refuses its files as they are',
      change: { configTest: { ok: true, value: { passes: false, exitCode: 1, says: [] } } } as const,
      toDo: '/usr/sbin/nginx -t',
    },
    { is: 'cannot be read', change: { config: { ok: false, why: 'failed', says: 'no' } } as const, toDo: 'plan again' },
  ])('refuses where nginx $is', ({ change, toDo }) => {
    const facts = factsWith()
    const drafted = raiseHeaderBuffers.draft({ ...facts, nginx: { ...facts.nginx, ...change } }, www)
    expect(drafted).toMatchObject({ kind: 'refused', toDo: expect.stringContaining(toDo) as string })
  })
})
