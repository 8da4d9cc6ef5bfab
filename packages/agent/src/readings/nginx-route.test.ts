import { describe, expect, test } from 'vitest'
import { nginxRoute } from './nginx-route.ts'
import { nginxConfigOf } from './sample-nginx-file.ts'

function route(servers: string, path: string, port = 80) {
  const config = nginxConfigOf(`events {}\nhttp {\n${servers}\n}\n`)
  return nginxRoute(config, port, path).toPhp
}

const php = 'location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }'
const front = `server { listen 80; index index.php; location / { try_files $uri $uri/ /index.php?$args; } ${php} }`
const plain = `server { listen 80; root /srv; location = /alive { return 200; } ${php} }`

describe('where a request of a probe goes', () => {
  test.each([
    { name: 'a front controller takes what is no file', config: front, path: '/healthz', toPhp: 'yes' },
    { name: 'and the front page', config: front, path: '/', toPhp: 'yes' },
    { name: 'what may be a file is not guessed at', config: front, path: '/robots.txt', toPhp: 'unknown' },
    { name: 'a script by its ending', config: plain, path: '/status.php?full', toPhp: 'yes' },
    { name: 'what nginx answers itself', config: plain, path: '/alive', toPhp: 'no' },
    { name: 'a file that is served, or is not there', config: plain, path: '/healthz', toPhp: 'no' },
    { name: 'an index without PHP', config: plain, path: '/', toPhp: 'no' },
    {
      name: 'a prefix that patterns must not overrule',
      config: `server { listen 80; location ^~ /old/ { return 410; } ${php} }`,
      path: '/old/a.php',
      toPhp: 'no',
    },
    {
      name: 'the longest prefix, where no pattern matches',
      config: 'server { listen 80; location / { return 200; } location /app { fastcgi_pass 127.0.0.1:9000; } }',
      path: '/app/x',
      toPhp: 'yes',
    },
    {
      name: 'a location within a location',
      config: `server { listen 80; location /shop/ { ${php} return 404; } }`,
      path: '/shop/a.php',
      toPhp: 'yes',
    },
    {
      name: 'a named location',
      config:
        'server { listen 80; location / { try_files $uri @php; } location @php { fastcgi_pass 127.0.0.1:9000; } }',
      path: '/healthz',
      toPhp: 'yes',
    },
    {
      name: 'a rewrite is not followed',
      config: `server { listen 80; location /h { rewrite ^ /x.php last; } ${php} }`,
      path: '/healthz',
      toPhp: 'unknown',
    },
    {
      name: 'another backend is not ours to tell',
      config: 'server { listen 80; location / { proxy_pass http://127.0.0.1:8000; } }',
      path: '/healthz',
      toPhp: 'unknown',
    },
    { name: 'the status of nginx', config: 'server { location /s { stub_status; } }', path: '/s', toPhp: 'no' },
    {
      name: 'a pattern that only PCRE knows',
      config: 'server { listen 80; location ~ "(?i)^/x" { return 200; } location ~ "(?P<a>.)\\K" { return 200; } }',
      path: '/healthz',
      toPhp: 'unknown',
    },
    {
      name: 'a circle of redirects',
      config: 'server { listen 80; location / { try_files $uri /again; } }',
      path: '/healthz',
      toPhp: 'unknown',
    },
  ])('$name', ({ config, path, toPhp }) => {
    expect(route(config, path)).toBe(toPhp)
  })

  test('the default server of the port answers, because a probe knows no name', () => {
    const other = 'server { listen 80 default_server; return 200; location / { return 200; } }'
    expect(route(`${front}\n${other}`, '/healthz')).toBe('no')
    expect(route(`${front}\n${other.replace('80', '8080')}`, '/healthz')).toBe('yes')
    expect(route(front, '/healthz', 9999)).toBe('unknown')
  })
})
