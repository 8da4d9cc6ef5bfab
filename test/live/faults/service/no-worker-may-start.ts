/** A limit of processes that leaves room for the master alone: it gives up, and ends as if all were well. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { limitToMaster } from '../service-limit.ts'

export const noWorkerMayStart = defineFault({
  id: 'no-worker-may-start',
  says: 'a restart of PHP-FPM could not start a single worker',
  causes: ['fork-limit'],
  besides: ['fpm-crashed', 'fpm-stopped', 'fpm-cannot-start'],
  remediations: [],
  steps: /`systemctl set-property \S+ TasksMax=/,
  async inject(host) {
    await host.must(['systemctl', 'stop', host.unit])
    const limit = await limitToMaster(host, host.unit)
    await host.run(['systemctl', 'start', host.unit])
    limit.lift()
  },
  shows: (host) => answers(host, 502),
})
