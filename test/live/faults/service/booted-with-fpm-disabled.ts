/** The unit was disabled, and nobody noticed until the next boot. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const bootedWithFpmDisabled = defineFault({
  id: 'booted-with-fpm-disabled',
  says: 'the host booted, and PHP-FPM was disabled',
  causes: ['fpm-disabled'],
  besides: ['fpm-stopped'],
  remediations: ['enable-service', 'start-service'],
  onPurpose: /disabled/,
  releases: everyRelease,
  async inject(host) {
    await host.must(['systemctl', 'disable', host.unit])
    await host.powerOff()
    await host.powerOn()
  },
  shows: (host) => answers(host, 502),
})
