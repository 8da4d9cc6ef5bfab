/** I-15: a typo in a pool file, met by a reload: every pool is down, and `systemctl reload` said that all is well. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const badLineReloaded = defineFault({
  id: 'bad-line-reloaded',
  says: 'a reload met a line that FPM does not know',
  causes: ['fpm-config-invalid'],
  besides: ['fpm-crashed', 'fpm-start-limit-hit'],
  remediations: ['restore-config'],
  releases: everyRelease,
  async inject(host) {
    await host.writeFile(host.pool, `${await host.readFile(host.pool)}pm.max_childern = 10\n`)
    await host.run(['systemctl', 'reload', host.unit])
  },
  shows: (host) => answers(host, 502),
})
