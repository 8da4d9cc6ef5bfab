/** I-24: a pool file with Windows line ends, which FPM reads like any other. */
import { restartFpm, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const crlfAlone = defineFault({
  id: 'crlf-alone',
  says: 'the pool file has Windows line ends',
  causes: [],
  remediations: [],
  async inject(host) {
    const text = await host.readFile(host.pool)
    await host.writeFile(host.pool, text.replaceAll('\n', '\r\n'))
    await restartFpm(host)
    await untilServing(host)
  },
})
