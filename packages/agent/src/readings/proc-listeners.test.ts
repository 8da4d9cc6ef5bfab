import { expect, test } from 'vitest'
import { readProcTcpListeners, readProcUnixListeners } from './proc-listeners.ts'

// Of a Debian 12 host: `cat /proc/net/unix /proc/net/tcp /proc/net/tcp6` while two requests waited.
const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000003 00000000 00000000 0001 03 7166001 /run/dbus/system_bus_socket
0000000000000000: 00000003 00000000 00010000 0001 01 7166002 /run/php/php8.2-fpm.sock
0000000000000000: 00000002 00000000 00000000 0001 02     0 /run/php/php8.2-fpm.sock
0000000000000000: 00000002 00000000 00000000 0001 02     0 /run/php/php8.2-fpm.sock
0000000000000000: 00000003 00000000 00010000 0005 01 7166003 /run/udev/control
0000000000000000: 00000002 00000000 00010000 0001 01 7166004 @abstract
`
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2328 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 7166906 1 0000000000000000 100 0 0 10 0
   1: 0100007F:2328 0100007F:8D5E 01 00000000:00000000 00:00000000 00000000     0        0 7166911 1 0000000000000000 20 4 30 10 -1
`
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:2329 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7166907 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:232A 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7166908 1 0000000000000000 100 0 0 10 0
`

test('unix sockets that listen, with what waits to be accepted', () => {
  expect(readProcUnixListeners(unix)).toEqual([
    { address: 'unix:/run/php/php8.2-fpm.sock', inode: '7166002', waiting: 2 },
  ])
})

test('TCP sockets that listen, as people write their addresses', () => {
  expect([...readProcTcpListeners(tcp), ...readProcTcpListeners(tcp6)]).toEqual([
    { address: 'tcp:127.0.0.1:9000', inode: '7166906', waiting: 2 },
    { address: 'tcp:[::]:9001', inode: '7166907', waiting: 0 },
    { address: 'tcp:[::1]:9002', inode: '7166908', waiting: 0 },
  ])
})

test('anything else is passed over', () => {
  expect([...readProcUnixListeners('\0/x\n'), ...readProcTcpListeners('   0: zz')]).toEqual([])
})
