import { describe, expect, test } from 'vitest'
import type { PhpLocationFacts } from '../survey/host-facts.ts'
import { sampleConfig, sampleFacts, sampleFpm, samplePoolText } from '../survey/sample-facts.ts'
import { samplePhpLocation, sampleSite } from '../survey/sample-sites.ts'
import { sampleNginxConfig, sampleNginxSite, sampleNginxSiteText } from '../survey/sample-nginx-config.ts'
import { fixScriptFilename } from './fix-script-filename.ts'
import { filesAfter } from './sample-edits.ts'

const www = { pool: 'php8.2-fpm/www' } as const
const usual = '$document_root$fastcgi_script_name'
const gone = {
  scriptFilename: { text: '/srv/41$fastcgi_script_name', at: `${sampleNginxSite}:12` },
  scriptFolder: { path: '/srv/41', exists: false, beside: [] },
}

/** A location with this line in it. */
function factsWith(line: string, location: Partial<PhpLocationFacts>, pool = samplePoolText) {
  return sampleFacts({
    fpm: [sampleFpm({ config: { ok: true, value: sampleConfig({ pool }) } })],
    sites: [sampleSite({ phpLocations: [samplePhpLocation(location)] })],
    nginxConfig: sampleNginxConfig({
      [sampleNginxSite]: sampleNginxSiteText.replace('include fastcgi.conf;', `include fastcgi_params; ${line}`),
      '/etc/nginx/fastcgi_params': 'fastcgi_param QUERY_STRING $query_string;\n',
    }),
  })
}

describe('fix-script-filename', () => {
  test('corrects the line that names a folder which is gone', () => {
    const line = 'fastcgi_param SCRIPT_FILENAME /srv/41$fastcgi_script_name; # release'
    const facts = factsWith(line, gone)
    const after = filesAfter(facts, fixScriptFilename.draft(facts, www))
    expect(after[sampleNginxSite]).toContain(`fastcgi_param SCRIPT_FILENAME ${usual}; # release`)
  })

  test.each([
    { is: 'is not sent', location: { scriptFilename: null, scriptFolder: null } },
    {
      is: 'is sent by a file that others include',
      location: {
        scriptFilename: { text: '$fastcgi_script_name', at: '/etc/nginx/fastcgi_params:1' },
        scriptFolder: null,
      },
    },
  ])('adds the line where it $is', ({ location }) => {
    const facts = factsWith('', location)
    expect(filesAfter(facts, fixScriptFilename.draft(facts, www))[sampleNginxSite]).toContain(
      `fpm.sock;\n\t\tfastcgi_param SCRIPT_FILENAME ${usual};\n\t}`,
    )
  })

  test.each([
    {
      is: 'other releases lie beside it',
      location: { ...gone, scriptFolder: { ...gone.scriptFolder, beside: ['42'] } },
    },
    { is: 'the root has no scripts', location: { ...gone, documentRoot: { path: '/var/www', hasScripts: false } } },
    { is: 'the root is what is gone', location: { ...gone, documentRoot: { path: '/srv/41', hasScripts: true } } },
    { is: 'the root is told by the request', location: { ...gone, documentRoot: null } },
    { is: 'the pool has a chroot', location: gone, pool: `${samplePoolText}chroot = /srv/jail\n` },
  ])('leaves it to a person where $is', ({ location, pool }) => {
    const facts = factsWith('fastcgi_param SCRIPT_FILENAME /srv/41$fastcgi_script_name;', location, pool)
    expect(fixScriptFilename.draft(facts, www)).toMatchObject({ kind: 'refused' })
  })

  test('adds nothing to a location that has its parameters from further out: it would lose them', () => {
    const site = sampleNginxSiteText
      .replace('\tindex index.php;', '\tinclude fastcgi_params;')
      .replace('\t\tinclude fastcgi.conf;\n', '\n')
    const facts = {
      ...factsWith('', { scriptFilename: null, scriptFolder: null }),
    }
    const nginxConfig = sampleNginxConfig({
      [sampleNginxSite]: site,
      '/etc/nginx/fastcgi_params': 'fastcgi_param QUERY_STRING $query_string;\n',
    })
    expect(fixScriptFilename.draft({ ...facts, nginx: { ...facts.nginx, config: nginxConfig } }, www)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('include fastcgi_params; fastcgi_param SCRIPT_FILENAME') as string,
    })
  })

  test('what is right is nothing to do', () => {
    expect(fixScriptFilename.draft(factsWith('', {}), www)).toMatchObject({ kind: 'nothing-to-do' })
  })
})
