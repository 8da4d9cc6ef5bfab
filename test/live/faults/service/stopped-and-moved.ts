/** Two causes: FPM is to listen elsewhere than nginx looks, and somebody stopped it. A start alone mends nothing. */
import { answers, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const stoppedAndMoved = defineFault({
  id: 'stopped-and-moved',
  says: 'PHP-FPM was moved in its pool file, and stopped',
  causes: ['fpm-stopped', 'upstream-mismatch'],
  remediations: ['start-service', 'align-upstream'],
  onPurpose: /was stopped at 20\S+ through systemctl/,
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '/run/php/www.sock')
    await host.must(['systemctl', 'stop', host.unit])
  },
  shows: (host) => answers(host, 502),
})
