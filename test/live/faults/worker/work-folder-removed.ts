/** A deployment removes the folder that workers enter: those that run go on, each new one ends at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const workFolderRemoved = defineFault({
  id: 'work-folder-removed',
  says: 'the chdir of a pool was removed',
  causes: ['workers-cannot-run'],
  besides: ['config-latent-invalid', 'pool-exhausted'],
  remediations: [],
  steps: /release-41/,
  async inject(host) {
    await host.must(['mkdir', '/srv/release-41'])
    await setFpm(host, host.pool, 'chdir', '/srv/release-41')
    await restartFpm(host)
    await host.must(['rmdir', '/srv/release-41'])
    await ask(host, '/seg.php?sig=9', 2)
    await sleep(1000)
  },
})
