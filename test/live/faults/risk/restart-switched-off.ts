/** A drop-in says that nothing starts FPM again when it dies, as Debian 12 ships it. */
import { defineFault, everyRelease } from '../fault.ts'

export const restartSwitchedOff = defineFault({
  id: 'restart-switched-off',
  says: 'nothing starts PHP-FPM again when it dies',
  causes: [],
  alsoFound: ['no-auto-restart'],
  remediations: ['restart-on-failure'],
  releases: everyRelease,
  async inject(host) {
    const folder = `/etc/systemd/system/${host.unit}.service.d`
    await host.must(['mkdir', '-p', folder])
    await host.writeFile(`${folder}/restart.conf`, '[Service]\nRestart=no\n')
    await host.must(['systemctl', 'daemon-reload'])
  },
})
