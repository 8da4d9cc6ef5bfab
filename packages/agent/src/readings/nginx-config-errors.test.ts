import { expect, test } from 'vitest'
import { readNginxConfigErrors } from './nginx-config-errors.ts'

/** As nginx 1.18, 1.22 and 1.26 wrote them on hosts that were broken for it. */
test.each([
  {
    stderr:
      'nginx: [emerg] unknown directive "fastcgi_read_timout" in /etc/nginx/sites-enabled/default:16\nnginx: configuration file /etc/nginx/nginx.conf test failed\n',
    error: { says: 'unknown directive "fastcgi_read_timout"', path: '/etc/nginx/sites-enabled/default', line: 16 },
  },
  {
    stderr:
      '2026/11/21 08:56:37 [emerg] 220#220: a duplicate default server for 0.0.0.0:80 in /etc/nginx/sites-enabled/default.bak:3\n',
    error: { says: 'a duplicate default server for 0.0.0.0:80', path: '/etc/nginx/sites-enabled/default.bak', line: 3 },
  },
  {
    stderr: 'nginx: [emerg] cannot load certificate "/x.pem": BIO_new_file() failed (SSL: error:80000002)\n',
    error: {
      says: 'cannot load certificate "/x.pem": BIO_new_file() failed (SSL: error:80000002)',
      path: null,
      line: null,
    },
  },
  {
    stderr:
      '2026/11/21 11:33:01 [emerg] 263#263: open() "/x/a\rb" failed (2: No such file) in /etc/nginx/nginx.conf:11\n',
    error: { says: 'open() "/x/a\rb" failed (2: No such file)', path: '/etc/nginx/nginx.conf', line: 11 },
  },
])('$error.says', ({ stderr, error }) => {
  expect(readNginxConfigErrors(stderr)).toEqual([error])
})

test('warnings and alerts refuse nothing', () => {
  const stderr =
    'nginx: [warn] conflicting server name "shop.example" on 0.0.0.0:80, ignored\n' +
    'nginx: [alert] could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied)\n'
  expect(readNginxConfigErrors(stderr)).toEqual([])
})
