import { expect, test } from 'vitest'
import { readNginxAllowance } from './nginx-capacity.ts'
import { packagedBuild } from './nginx-log-paths.ts'
import { nginxConfigOf } from './sample-nginx-file.ts'

function allowanceOf(text: string) {
  return readNginxAllowance(nginxConfigOf(text), packagedBuild)
}
const site = (group: string, location: string) => `
worker_rlimit_nofile 2048;
events {
  worker_connections 768;
}
http {
  ${group}
  client_body_temp_path /srv/bodies 1 2;
  server { listen 80; location ~ \\.php$ { ${location} } }
}`

test('numbers with where they stand, and folders for bodies', () => {
  expect(allowanceOf(site('', 'fastcgi_pass unix:/run/php.sock;'))).toEqual({
    workerConnections: { value: 768, setAt: '/etc/nginx/nginx.conf:4' },
    workerFiles: { value: 2048, setAt: '/etc/nginx/nginx.conf:2' },
    kept: [],
    bodyFolders: ['/srv/bodies', '/var/lib/nginx/body', '/var/lib/nginx/fastcgi', '/var/lib/nginx/tmp'],
  })
  expect(allowanceOf('events { } http { }').workerConnections).toEqual({ value: 512, setAt: null })
})

const group = 'upstream PHP { server unix:/run/php.sock; keepalive 8; }'

test('connections are kept where the group and the location both say so', () => {
  expect(allowanceOf(site(group, 'fastcgi_pass php; fastcgi_keep_conn on;')).kept).toEqual([
    {
      group: 'php',
      addresses: ['unix:/run/php.sock'],
      perWorker: 8,
      setAt: '/etc/nginx/nginx.conf:7',
      keptBy: '/etc/nginx/nginx.conf:9',
    },
  ])
})

test.each([
  { why: 'the location does not', text: site(group, 'fastcgi_pass php;') },
  { why: 'the location says off', text: site(group, 'fastcgi_pass php; fastcgi_keep_conn off;') },
  {
    why: 'the group does not',
    text: site('upstream php { server unix:/run/php.sock; }', 'fastcgi_pass php; fastcgi_keep_conn on;'),
  },
  { why: 'there is no group', text: site(group, 'fastcgi_pass unix:/run/php.sock; fastcgi_keep_conn on;') },
])('none are kept where $why', ({ text }) => {
  expect(allowanceOf(text).kept).toEqual([])
})
