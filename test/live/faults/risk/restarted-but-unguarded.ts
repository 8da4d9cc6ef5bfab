/** Somebody has seen to restarts, and not to reloads. */
import { defineFault } from '../fault.ts'

export const restartedButUnguarded = defineFault({
  id: 'restarted-but-unguarded',
  says: 'restarts are seen to, reloads are not tested',
  causes: [],
  alsoFound: ['reload-unguarded'],
  remediations: ['restart-on-failure'],
  async inject(host) {
    const folder = `/etc/systemd/system/${host.unit}.service.d`
    await host.must(['mkdir', '-p', folder])
    await host.writeFile(`${folder}/restart.conf`, '[Service]\nRestart=on-failure\n')
    await host.must(['systemctl', 'daemon-reload'])
  },
})
