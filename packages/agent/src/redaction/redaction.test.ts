import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { knownSecrets } from './known-secrets.ts'
import { redactConfig } from './redact-config.ts'
import { redactProse } from './redact-prose.ts'
import { markerOf, sampleSecrets, type SampleSecret } from './sample-secrets.ts'

const marked = sampleSecrets.map((secret, index) => ({ ...secret, marker: markerOf(index) }))

/** A whole file or line around it, as a host has it. */
const around: Readonly<Record<SampleSecret['in'], (text: string) => string>> = {
  pool: (text) => `[www]\nuser = www-data\n${text}\npm = dynamic\n`,
  unit: (text) => `[Service]\n${text}\nRestart=no\n`,
  'nginx-http': (text) => `${text}\nserver { listen 80; }\n`,
  'nginx-server': (text) => `server {\n  listen 80;\n  ${text}\n  root /var/www/html;\n}\n`,
  'nginx-php': (text) =>
    `server {\n  location ~ \\.php$ {\n    ${text}\n    fastcgi_pass unix:/run/php/x.sock;\n  }\n}\n`,
  'php-message': (text) => `FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Exception: ${text}`,
  request: (text) =>
    `upstream timed out (110: Connection timed out), request: "GET ${text} HTTP/1.1", host: "shop.example"`,
  header: (text) => `PHP message: ${text}`,
  words: (text) => text,
}
const isFile = ({ in: place }: SampleSecret) => ['pool', 'unit'].includes(place) || place.startsWith('nginx-')
const isOfConfig = ({ kind }: SampleSecret) => kind === 'a value that the configuration hides'

test('there are more than forty kinds, each with a marker of its own', () => {
  expect(new Set(marked.map(({ marker }) => marker)).size).toBe(marked.length)
  expect(marked.length).toBeGreaterThan(40)
})

describe('a diff of configuration does not show', () => {
  test.each(marked.filter(isFile))('$kind ($in)', ({ in: place, text, marker }) => {
    const written = around[place](text(marker))
    const { text: shown, hiddenLines } = redactConfig(written)
    expect(shown).not.toContain(marker)
    expect(hiddenLines.size).toBeGreaterThan(0)
    // The lines beside it are what people need.
    const beside = written.replace(text(marker), '').split('\n')
    expect(shown.split('\n')).toEqual(expect.arrayContaining(beside.filter((line) => line.trim() !== '')))
  })
})

describe('a sentence does not show', () => {
  test.each(marked.filter((each) => !isFile(each) && !isOfConfig(each)))(
    '$kind ($in)',
    ({ in: place, text, marker }) => {
      expect(redactProse(around[place](text(marker)))).not.toContain(marker)
    },
  )

  test('what the configuration of this host hides under a telling name, whole or cut', () => {
    const known = knownSecrets([
      '[www]\nenv[DB_PASSWORD] = zqhunter7\nenv[STAGE] = production\nenv[ROOT_PASSWORD] = /etc/x\n',
    ])
    expect(known).toEqual(['zqhunter7'])
    expect(redactProse('production: login with zqhunter7 failed: zqhunt', known)).toBe(
      'production: login with •••••• failed: ••••••',
    )
  })
})

test.each([
  { line: 'env[DB_PASSWORD] = hunter2', shows: 'env[DB_PASSWORD] = ••••••' },
  { line: 'php_admin_value[app.secret] = "s3cr3t"', shows: 'php_admin_value[app.secret] = ••••••' },
  // FPM refuses it, and people write it all the same.
  { line: '[www]\nenv[A] = "b\nc"\npm = static', shows: '[www]\nenv[A] = ••••••\n••••••\npm = static' },
  { line: 'Environment=API_TOKEN=abc TZ=UTC', shows: 'Environment=API_TOKEN=•••••• TZ=UTC' },
  { line: ';env[DB_PASSWORD] = old', shows: ';env[DB_PASSWORD] = ••••••' },
  { line: 'proxy_pass http://shop:hunter2@10.0.0.9/;', shows: 'proxy_pass http://••••••@10.0.0.9/;' },
  { line: 'fastcgi_param APP_KEY a;b7;', shows: 'fastcgi_param APP_KEY ••••••;••••••;' },
  { line: 'fastcgi_param APP_KEY hunter2 if_not_empty;', shows: 'fastcgi_param APP_KEY •••••• if_not_empty;' },
])('$line', ({ line, shows }) => {
  expect(redactConfig(line).text).toBe(shows)
})

test.each([
  {
    says: 'unknown directive "ter2#" in /etc/nginx/nginx.conf:12',
    shows: 'unknown directive "••••••" in /etc/nginx/nginx.conf:12',
  },
  { says: 'GET /pay?card=4111 HTTP/1.1', shows: 'GET /pay?•••••• HTTP/1.1' },
  { says: 'cannot reach redis://:hunter2@10.0.0.9:6379/0', shows: 'cannot reach redis://••••••@10.0.0.9:6379/0' },
  { says: "PDO->__construct('a', 'b')", shows: "PDO->__construct('a', 'b')" },
  { says: "#0 /x.php(3): PDO->__construct('a', 'b')", shows: '#0 /x.php(3): PDO->__construct(••••••)' },
])('$says', ({ says, shows }) => {
  expect(redactProse(says)).toBe(shows)
})

const asShipped = [
  'connect() to unix:/run/php/php8.2-fpm.sock failed (2: No such file or directory) while connecting to upstream',
  'upstream sent too big header while reading response header from upstream',
  'WARNING: [pool www] server reached pm.max_children setting (5), consider raising it',
  '[pool www] child 4711 exited on signal 9 (SIGKILL) after 12.345678 seconds from start',
  "FPM refuses /etc/php/8.2/fpm/php-fpm.conf (exit code 78): ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:3] unknown entry 'pm.max_childs'",
  "SQLSTATE[HY000] [1045] Access denied for user 'shop'@'localhost' (using password: YES)",
  'php8.2-fpm.service: Main process exited, code=killed, status=9/KILL',
  'GET / → 502 in 1 ms',
  'syntax error, unexpected token ";", expecting "]" in /srv/shop/index.php on line 3',
  'Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /srv/shop/big.php:7',
  'no live upstreams while connecting to upstream, upstream: "fastcgi://php_pool"',
  'proxy_pass http://127.0.0.1:8000, proxy_read_timeout 60s',
  'olivia ran `systemctl stop php8.2-fpm` as root',
  'nginx: [emerg] unknown directive "fastcgi_pas" in /etc/nginx/sites-enabled/shop:12',
  'root may not read it: mode 0640, owner root:www-data; author: olivia',
  'upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "shop.example:8080"',
  'listen.acl_users = www-data, listen.allowed_clients = 127.0.0.1',
]

test.each(asShipped)('nothing is hidden in: %s', (line) => {
  expect(redactProse(line)).toBe(line)
})

test.each([
  '[www]\nuser = www-data\nlisten = /run/php/php8.2-fpm.sock\npm.max_children = 5\nphp_admin_value[memory_limit] = 128M\n',
  '[www]\nenv[PATH] = /usr/local/bin:/usr/bin:/bin\nenv[DB_PASS] = $DB_PASS\nphp_admin_flag[session.cookie_secure] = on\n',
  '[global]\npid = /run/php/php8.2-fpm.pid\nerror_log = /var/log/php8.2-fpm.log\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n',
  '[www]\nphp_admin_value[opcache.jit_buffer_size] = 64M\nphp_value[session.save_path] = /var/lib/php/sessions\n',
  '[Service]\nRestart=on-failure\nRestartSec=1\nEnvironment=PATH=/usr/bin TZ=UTC\nExecReload=/bin/kill -USR2 $MAINPID\n',
  'server {\n  listen 443 ssl http2;\n  server_name shop.example;\n  ssl_certificate_key /etc/ssl/private/shop.key;\n}\n',
  'location ~ ^/(?:a|b)(.+?\\.php)(/.*)?$ {\n  try_files $uri =404;\n  fastcgi_param SCRIPT_FILENAME /srv/shop$fastcgi_script_name;\n}\n',
  'location / {\n  try_files $uri $uri/ /index.php?q=$uri&$args;\n  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n}\n',
  'map $http_upgrade $connection_upgrade {\n  default upgrade;\n  "" close;\n}\n# pass PHP scripts to FastCGI server\n',
  'if ($request_method = POST) {\n  set $skip_cache 1;\n}\nfastcgi_cache_key "$scheme$request_method$host$request_uri";\n',
  'log_format timed \'$remote_addr "$request" $status $upstream_response_time\';\nadd_header X-Frame-Options SAMEORIGIN;\n',
])('nothing is hidden in %j', (text) => {
  expect(redactConfig(text).text).toBe(text)
})

test('a line that is too long is cut in a sentence, and hidden in configuration', () => {
  const long = 'a '.repeat(5000)
  expect(redactProse(`${long}\nb`)).toBe(`${long.slice(0, 4096)} …\nb`)
  expect(redactConfig(`[www]\n; ${long}\nuser = a`).text).toBe('[www]\n••••••\nuser = a')
})

test('a redacted text has as many lines as the real one, and only those that it names differ', () => {
  const pieces = fc.constantFrom(
    'server {',
    '}',
    'env[A] = "',
    '"',
    'set $a b;',
    '#',
    ';',
    '\\',
    "'",
    '[x]',
    'A=b',
    '\n',
    ' ',
    '•',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const { text: shown, hiddenLines } = redactConfig(text)
      expect(shown.split('\n').length).toBe(text.split('\n').length)
      const unhidden = (lines: string) => lines.split('\n').filter((_, number) => !hiddenLines.has(number))
      expect(unhidden(shown)).toEqual(unhidden(text))
    }),
  )
})

test('however a file is torn, what its directives hide stays hidden', () => {
  const secrets = marked.filter(isFile)
  fc.assert(
    fc.property(fc.constantFrom(...secrets), fc.nat(), fc.boolean(), ({ in: place, text, marker }, cut, front) => {
      const written = around[place](text(marker))
      const before = written.slice(0, written.indexOf(marker))
      // The end is torn off anywhere behind the secret, or the file ends in the middle of it.
      const end = before.length + (front ? 4 : marker.length) + (cut % 20)
      expect(redactConfig(written.slice(0, Math.max(end, before.length + 4))).text).not.toContain(marker.slice(0, 8))
    }),
    { numRuns: 2000 },
  )
})
