import { expect, test } from 'vitest'
import type { SocketAddress } from '../host/host.ts'
import { reaches } from './same-address.ts'

test.each<{ upstream: SocketAddress; listen: SocketAddress; is: boolean }>([
  { upstream: 'unix:/run/php/a.sock', listen: 'unix:/run/php/a.sock', is: true },
  { upstream: 'unix:/run/php/a.sock', listen: 'unix:/run/php/b.sock', is: false },
  { upstream: 'tcp:127.0.0.1:9000', listen: 'tcp:127.0.0.1:9000', is: true },
  { upstream: 'tcp:127.0.0.1:9000', listen: 'tcp:[::]:9000', is: true },
  { upstream: 'tcp:10.0.0.5:9000', listen: 'tcp:0.0.0.0:9000', is: true },
  { upstream: 'tcp:10.0.0.5:9000', listen: 'tcp:127.0.0.1:9000', is: false },
  { upstream: 'tcp:127.0.0.1:9000', listen: 'tcp:[::1]:9000', is: false },
  { upstream: 'tcp:[::1]:9000', listen: 'tcp:127.0.0.1:9000', is: false },
  { upstream: 'tcp:[::1]:9000', listen: 'tcp:0.0.0.0:9000', is: false },
  { upstream: 'tcp:[::1]:9000', listen: 'tcp:[::]:9000', is: true },
  { upstream: 'tcp:fpm.example:9000', listen: 'tcp:127.0.0.1:9000', is: true },
  { upstream: 'tcp:127.0.0.1:9000', listen: 'tcp:localhost:9000', is: true },
  { upstream: 'tcp:127.0.0.1:9000', listen: 'tcp:127.0.0.1:9001', is: false },
  { upstream: 'unix:/run/php/a.sock', listen: 'tcp:127.0.0.1:9000', is: false },
])('$upstream reaches $listen: $is', ({ upstream, listen, is }) => {
  expect(reaches(upstream, listen)).toBe(is)
})
