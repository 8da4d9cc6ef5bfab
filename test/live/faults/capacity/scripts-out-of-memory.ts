/** A page that needs more than memory_limit, and visitors who ask for it. */
import { ask } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const scriptsOutOfMemory = defineFault({
  id: 'scripts-out-of-memory',
  says: 'a page needs more than memory_limit',
  causes: ['memory-limit-hit'],
  besides: ['fatal-errors'],
  remediations: [],
  steps: /See which script it is/,
  releases: everyRelease,
  async inject(host) {
    await host.must(['touch', '/var/www/html/report.php'])
    await host.writeFile(
      '/var/www/html/report.php',
      "<?php\ntrigger_error('before');\necho strlen(str_repeat('x', 512 * 1048576));\n",
    )
    await ask(host, '/report.php', 5)
  },
})
