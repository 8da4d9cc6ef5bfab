/** A release whose front page calls what is not there. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const frontPageFatal = defineFault({
  id: 'front-page-fatal',
  says: 'the application fails on its front page',
  causes: ['fatal-errors'],
  remediations: [],
  steps: /The application has to be mended/,
  releases: everyRelease,
  inject: (host) => host.writeFile('/var/www/html/index.php', '<?php\nrequire __DIR__ . "/vendor/autoload.php";\n'),
  shows: (host) => answers(host, 500, '/'),
})
