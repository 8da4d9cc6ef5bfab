/** I-19: a pool file was copied for a second application, and its listen was forgotten. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const twoPoolsOneListen = defineFault({
  id: 'two-pools-one-listen',
  says: 'two pools listen on the same socket',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed'],
  remediations: ['restore-config'],
  async inject(host) {
    const copy = (await host.readFile(host.pool)).replace('[www]', '[app]')
    await host.writeFile(host.pool.replace('www.conf', 'app.conf'), copy)
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
