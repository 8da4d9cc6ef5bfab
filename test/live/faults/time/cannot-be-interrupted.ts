/** One function of PHP that computes on when max_execution_time is over: PHP ends the worker with exit code 124. */
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const cannotBeInterrupted = defineFault({
  id: 'cannot-be-interrupted',
  says: 'a page computes on beyond max_execution_time',
  causes: ['terminated-by-timeout'],
  remediations: [],
  steps: /max_execution_time/,
  async inject(host) {
    const page = "<?php\nset_time_limit(1);\necho hash_pbkdf2('sha512', 'x', 'y', 90000000);\n"
    await host.writeFile('/var/www/html/compute.php', page)
    await ask(host, '/compute.php', 2)
  },
})
