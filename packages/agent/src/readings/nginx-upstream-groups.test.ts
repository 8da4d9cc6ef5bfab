import { expect, test } from 'vitest'
import { readUpstreamGroups } from './nginx-upstream-groups.ts'
import { nginxConfigOf } from './sample-nginx-file.ts'

function groups(text: string) {
  return readUpstreamGroups(nginxConfigOf(text))
}

test('servers with their addresses and what becomes of them after a failure', () => {
  const found = groups(`events { }
http {
  upstream PHP {
    zone php 64k;
    server unix:/run/php/a.sock;
    server localhost:9000 max_fails=3 fail_timeout=1m30s;
    server 10.0.0.2 down;
    server 10.0.0.3:9000 backup max_fails=0;
    keepalive 8;
  }
  upstream empty { }
}`)
  expect([...found.keys()]).toEqual(['php', 'empty'])
  expect(found.get('php')).toMatchObject([
    { target: 'unix:/run/php/a.sock', addresses: ['unix:/run/php/a.sock'], isDown: false, failTimeoutS: 10 },
    { target: 'localhost:9000', addresses: ['tcp:127.0.0.1:9000', 'tcp:[::1]:9000'], failTimeoutS: 90 },
    { addresses: ['tcp:10.0.0.2:80'], isDown: true },
    { isBackup: true, failTimeoutS: 0, directive: { line: 8 } },
  ])
  expect(found.get('empty')).toEqual([])
})

test('an upstream block outside http is none of ours', () => {
  expect(groups('stream { upstream php { server 127.0.0.1:9000; } }\nevents { }').size).toBe(0)
})
