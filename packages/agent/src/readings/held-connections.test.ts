/** What `/proc` shows was taken on a Debian 12 host with `fastcgi_keep_conn on`; a database was added to it. */
import { expect, test } from 'vitest'
import { acceptedAt, acceptedOnPort, socketInode } from './held-connections.ts'

test('the socket it has accepted carries the name of its listener', () => {
  const unix = `Num       RefCount Protocol Flags    Type St Inode Path
00000000791448c7: 00000003 00000000 00000000 0001 03 2614638 /run/php/php8.2-fpm.sock
00000000cc279283: 00000002 00000000 00010000 0001 01 2600850 /run/php/php8.2-fpm.sock
00000000325a7462: 00000003 00000000 00000000 0001 03 2600861 /run/mysqld/mysqld.sock
0000000048c1a2f0: 00000003 00000000 00000000 0001 03 2600862
`
  expect(acceptedAt(unix, 'unix:/run/php/php8.2-fpm.sock')).toEqual(new Set(['2614638']))
  expect(socketInode('socket:[2614638]')).toBe('2614638')
  expect(socketInode('/var/log/php8.2-fpm.log')).toBeNull()
})

test('over TCP it has the port of its listener', () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0 100 0 0 10 0
   1: 0100007F:2328 0100007F:9C40 01 00000000:00000000 00:00000000 00000000    33        0 101 1 0 20 4 30 10 -1
   2: 0100007F:9C40 0100007F:2328 01 00000000:00000000 00:00000000 00000000    33        0 102 1 0 20 4 30 10 -1
`
  expect(acceptedOnPort(tcp, 9000)).toEqual(new Set(['101']))
})
