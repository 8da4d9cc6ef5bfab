import { expect, test } from 'vitest'
import { sampleConfig, sampleFacts, sampleFpm, samplePoolText } from '../survey/sample-facts.ts'
import { nginxReloadSteps, settingSteps } from './settings-by-hand.ts'

const facts = sampleFacts({
  fpm: [
    sampleFpm({
      config: { ok: true, value: sampleConfig({ pool: `${samplePoolText}request_terminate_timeout = 120s\n` }) },
    }),
  ],
})
const [service] = facts.fpm
const pool = 'php8.2-fpm/www'
const steps = (id: string, input: Readonly<Record<string, string>> = { pool }) =>
  settingSteps(facts, service!, { id, input: { ...input } }, '`kill -USR2 100`')

test.each([
  [
    'raise-header-buffers',
    'fastcgi_buffer_size 16k; fastcgi_buffers 9 4k;` in the location at /etc/nginx/sites-enabled/shop:9',
  ],
  ['align-timeouts', 'fastcgi_read_timeout 165s;'],
  ['fix-script-filename', 'SCRIPT_FILENAME $document_root$fastcgi_script_name;'],
  ['disable-fastcgi-keepalive', 'fastcgi_keep_conn off;'],
  [
    'enable-status-page',
    'pm.status_listen = /run/php/php8.2-fpm-status.sock` in /etc/php/8.2/fpm/pool.d/www.conf, then `kill -USR2 100`',
  ],
  ['enable-slowlog', 'request_slowlog_timeout = 5s'],
])('%s says %s', (id, says) => expect(steps(id)).toContain(says))

test.each([
  ['connections', 'worker_connections 4096;` in events and `worker_rlimit_nofile 16384;'],
  ['processes', '4096 processes'],
  ['files', 'rlimit_files'],
])('a limit of %s says %s', (limit, says) => {
  expect(steps('raise-limits', { service: 'php8.2-fpm', limit })).toContain(says)
})

test('what is no setting is not told here', () => expect(steps('start-service')).toBeNull())

test('nginx is told by who runs it', () => {
  expect(nginxReloadSteps(facts)).toBe('`nginx -t && systemctl reload nginx`')
  const beside = { ...facts, nginx: { ...facts.nginx, unit: null } }
  expect(nginxReloadSteps(beside)).toBe('`/usr/sbin/nginx -t && kill -HUP 50`')
})
