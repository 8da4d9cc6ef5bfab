/** I-16: max_children below max_spare_servers; each line is fine, together they are refused. */
import { answers, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const numbersContradictReloaded = defineFault({
  id: 'numbers-contradict-reloaded',
  says: 'a reload met process numbers that contradict each other',
  causes: ['fpm-config-invalid'],
  besides: ['fpm-crashed'],
  remediations: ['restore-config'],
  async inject(host) {
    await setFpm(host, host.pool, 'pm.max_children', '2')
    await host.run(['systemctl', 'reload', host.unit])
  },
  shows: (host) => answers(host, 502),
})
