/** The pool file came with a user that this host does not have. */
import { answers, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const poolUserUnknown = defineFault({
  id: 'pool-user-unknown',
  says: 'the user of a pool does not exist',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed'],
  remediations: [],
  steps: /deploy/,
  async inject(host) {
    await setFpm(host, host.pool, 'user', 'deploy')
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
