/** One request needed more than memory_limit; the site is well. */
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const oneScriptOutOfMemory = defineFault({
  id: 'one-script-out-of-memory',
  says: 'nothing is wrong; one request needed too much memory',
  causes: [],
  alsoFound: ['memory-limit-hit'],
  besides: ['fatal-errors'],
  remediations: [],
  async inject(host) {
    await host.must(['touch', '/var/www/html/report.php'])
    await host.writeFile('/var/www/html/report.php', "<?php\necho strlen(str_repeat('x', 512 * 1048576));\n")
    await ask(host, '/report.php', 1)
    await ask(host, '/ok.php', 5)
  },
})
