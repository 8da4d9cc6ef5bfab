/** security.limit_extensions allows an ending that no script of the site has. */
import { answers, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const endingNotAllowed = defineFault({
  id: 'ending-not-allowed',
  says: 'the pool refuses scripts that end in .php',
  causes: ['script-denied'],
  remediations: [],
  steps: /security\.limit_extensions/,
  releases: everyRelease,
  async inject(host) {
    await setFpm(host, host.pool, 'security.limit_extensions', '.php5')
    await restartFpm(host)
  },
  shows: (host) => answers(host, 403, '/'),
})
