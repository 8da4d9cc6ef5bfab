/** The slow log is on, and catches pages that are answered all the same. */
import { ask, edit, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const slowPages = defineFault({
  id: 'slow-pages',
  says: 'pages that take longer than the slow log allows',
  causes: [],
  alsoFound: ['slow-requests'],
  remediations: [],
  releases: everyRelease,
  async inject(host) {
    await setFpm(host, host.pool, 'request_slowlog_timeout', '1s')
    await edit(host, host.pool, /^;slowlog = .*$/m, 'slowlog = /var/log/$pool.slow.log')
    await restartFpm(host)
    await ask(host, '/sleep.php?s=2', 2)
  },
})
