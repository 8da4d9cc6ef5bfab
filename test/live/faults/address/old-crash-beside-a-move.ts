/** The log tells of a crash that is over; what is wrong now is another thing. */
import { answers, ask, killMaster, restartFpm, setFpm, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const oldCrashBesideAMove = defineFault({
  id: 'old-crash-beside-a-move',
  says: 'a crash that was mended, then FPM was moved to another socket',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  async inject(host) {
    await killMaster(host)
    await ask(host, '/ok.php', 20)
    await host.must(['systemctl', 'start', host.unit])
    await untilServing(host)
    await setFpm(host, host.pool, 'listen', '/run/php/www.sock')
    await restartFpm(host)
  },
  shows: (host) => answers(host, 502),
})
