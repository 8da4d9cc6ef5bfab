/** For tests of judgements: nginx's files on the made-up host of `sample-facts.ts`, as its sites and locations name them. */
import type { Read } from '../host/host.ts'
import { readNginxConfig, type NginxConfig } from '../readings/nginx-config.ts'

export const sampleNginxMain = '/etc/nginx/nginx.conf'
export const sampleNginxSite = '/etc/nginx/sites-enabled/shop'

export const sampleNginxMainText = `user www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
include /etc/nginx/modules-enabled/*.conf;

events {
\tworker_connections 768;
\t# multi_accept on;
}

http {
\tsendfile on;
\taccess_log /var/log/nginx/access.log;

\tinclude /etc/nginx/conf.d/*.conf;
\tinclude /etc/nginx/sites-enabled/*;
}
`

/** Its location is on line 9: where `samplePhpLocation` has it. */
export const sampleNginxSiteText = `server {
\tlisten 80;
\tserver_name shop.example;
\troot /var/www/shop;
\tindex index.php;

\t# Everything that is PHP.

\tlocation ~ \\.php$ {
\t\tinclude fastcgi.conf;
\t\tfastcgi_pass unix:/run/php/php8.2-fpm.sock;
\t}
}
`

export const sampleFastcgiConf = `fastcgi_param  SCRIPT_FILENAME    $document_root$fastcgi_script_name;
fastcgi_param  QUERY_STRING       $query_string;
`

/** Files by path; those that are not named are as on a Debian host with one shop. */
export function sampleNginxConfig(texts: Readonly<Record<string, string>> = {}): Read<NginxConfig> {
  const files: Readonly<Record<string, string>> = {
    [sampleNginxMain]: sampleNginxMainText,
    [sampleNginxSite]: sampleNginxSiteText,
    '/etc/nginx/fastcgi.conf': sampleFastcgiConf,
    ...texts,
  }
  const reading = readNginxConfig(
    sampleNginxMain,
    (path) => {
      const text = files[path]
      return text === undefined ? { ok: false, says: 'no such file' } : { ok: true, text }
    },
    (pattern) => {
      const folder = pattern.slice(0, pattern.lastIndexOf('/') + 1)
      const ending = pattern.slice(pattern.lastIndexOf('*') + 1)
      return Object.keys(files)
        .filter((path) => path.startsWith(folder) && !path.slice(folder.length).includes('/') && path.endsWith(ending))
        .toSorted()
    },
  )
  return reading.ok ? reading : { ok: false, why: 'failed', says: reading.says }
}
