/** The master dies again and again under Restart=always, until systemd gives up. */
import { until } from '../../../lab/until.ts'
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const fpmStartLimit = defineFault({
  id: 'fpm-start-limit',
  says: 'systemd has given up starting PHP-FPM',
  causes: ['fpm-start-limit-hit'],
  besides: ['fpm-crashed'],
  remediations: ['start-service'],
  releases: everyRelease,
  async inject(host) {
    const folder = `/etc/systemd/system/${host.unit}.service.d`
    await host.must(['mkdir', '-p', folder])
    await host.writeFile(`${folder}/restart.conf`, '[Service]\nRestart=always\n')
    await host.must(['systemctl', 'daemon-reload'])
    const killed = async () => {
      await host.run(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', host.unit])
      return (await host.run(['systemctl', 'is-failed', host.unit])).stdout.trim() === 'failed'
    }
    await until(killed, 'systemd to give up')
  },
  shows: (host) => answers(host, 502),
})
