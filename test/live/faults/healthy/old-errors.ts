/** I-48: FPM was down and is back; the log still tells of it. */
import { ask, answers, untilServing } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const oldErrors = defineFault({
  id: 'old-errors',
  says: 'an outage that is over',
  causes: [],
  remediations: [],
  releases: everyRelease,
  async inject(host) {
    await host.must(['systemctl', 'stop', host.unit])
    await ask(host, '/ok.php', 20)
    if (!(await answers(host, 502))) throw new Error('It was not down.')
    await host.must(['systemctl', 'start', host.unit])
    await untilServing(host)
  },
})
