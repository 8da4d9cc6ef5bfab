import { expect, test } from 'vitest'
import { readTcpUse, readUnixUse, useOf } from './socket-use.ts'

/** From a Debian 12 host with a full pool; both ends of each connection, and the listener. */
const unix = `Num       RefCount Protocol Flags    Type St Inode Path
00000000a2292e73: 00000003 00000000 00000000 0001 03 2628829 /run/php/php8.2-fpm.sock
000000006fe2f9cf: 00000003 00000000 00000000 0001 02     0 /run/php/php8.2-fpm.sock
000000004ce6e036: 00000003 00000000 00000000 0001 02     0 /run/php/php8.2-fpm.sock
00000000a2c9d66b: 00000003 00000000 00000000 0001 03 2628869 /run/php/php8.2-fpm.sock
0000000068d944e9: 00000002 00000000 00010000 0001 01 2628724 /run/php/php8.2-fpm.sock
00000000aaaaaaaa: 00000003 00000000 00000000 0001 03 2628999
00000000bbbbbbbb: 00000002 00000000 00010000 0001 01 2628111 /run/with blanks/x.sock
`

test('of a unix listener: what workers hold, and what waits in its queue', () => {
  expect(Object.fromEntries(readUnixUse(unix))).toEqual({
    'unix:/run/php/php8.2-fpm.sock': { busy: 2, waiting: 2 },
    'unix:/run/with blanks/x.sock': { busy: 0, waiting: 0 },
  })
})

/** A listener on 9000 with one connection in its queue, three connections to it, and the client's end of one. */
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2328 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 2631 1 0000000000000000 100 0 0 10 0
   1: 0100007F:2328 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000    33        0 2640 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:2328 0100007F:D2F2 01 00000000:00000200 00:00000000 00000000    33        0 2641 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:2328 0100007F:D2F4 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
   4: 0100007F:D2F0 0100007F:2328 01 00000000:00000000 00:00000000 00000000    33        0 2642 1 0000000000000000 20 4 30 10 -1
`
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2629 1 0000000000000000 100 0 0 10 0
`

test('of a TCP listener: the queue is part of what is established', () => {
  expect(Object.fromEntries(readTcpUse(tcp, tcp6))).toEqual({
    80: { busy: 0, waiting: 0 },
    9000: { busy: 2, waiting: 1 },
  })
})

test('each listener is found by its own address, and what does not listen is not idle', () => {
  const [unixUse, tcpUse] = [readUnixUse(unix), readTcpUse(tcp, tcp6)]
  expect(useOf('unix:/run/php/php8.2-fpm.sock', unixUse, tcpUse)).toEqual({ busy: 2, waiting: 2 })
  expect(useOf('tcp:[::]:9000', unixUse, tcpUse)).toEqual({ busy: 2, waiting: 1 })
  expect(useOf('tcp:127.0.0.1:9001', unixUse, tcpUse)).toBeNull()
  expect(useOf('unix:/run/php/other.sock', unixUse, tcpUse)).toBeNull()
})

test('nonsense is nothing', () => {
  expect([readUnixUse('garbage\n\0\n').size, readTcpUse('garbage\n', '').size]).toEqual([0, 0])
})
