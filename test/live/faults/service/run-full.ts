/** I-41: something filled /run while PHP-FPM was down for a moment; it has no space for its pid file. `-t` passes. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const runFull = defineFault({
  id: 'run-full',
  says: '/run is full, and PHP-FPM was restarted',
  causes: ['disk-full'],
  besides: ['fpm-cannot-start', 'fpm-crashed'],
  remediations: [],
  steps: /`du -xh \/run/,
  async inject(host) {
    // As big as on a host with little memory: what a host writes there is this machine's memory.
    await host.must(['mount', '-o', 'remount,size=4M', '/run'])
    await host.must(['systemctl', 'stop', host.unit])
    await host.run(['dd', 'if=/dev/zero', 'of=/run/big', 'bs=4k'])
    await host.run(['systemctl', 'start', host.unit])
  },
  shows: (host) => answers(host, 502),
})
