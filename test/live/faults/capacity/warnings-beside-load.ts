/** A red herring: every page warns about something, as it always did. The workers are too few. */
import { customers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const warningsBesideLoad = defineFault({
  id: 'warnings-beside-load',
  says: 'too few workers, and many warnings of PHP',
  causes: ['pool-exhausted'],
  remediations: ['tune-pool'],
  async inject(host) {
    await host.must(['touch', '/var/www/html/warns.php'])
    const warns =
      "<?php\ntrigger_error('Allowed memory size of 5 bytes exhausted', E_USER_WARNING);\nusleep(1000000);\n"
    await host.writeFile('/var/www/html/warns.php', `${warns}echo $nothing, 'ok';\n`)
    return customers(host, { path: '/warns.php', perSecond: 6 }, 4000)
  },
})
