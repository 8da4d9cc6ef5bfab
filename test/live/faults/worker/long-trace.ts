/** A fatal error with a stack trace so long that nginx cuts its line, and with it what the line is about. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

const page = `<?php
function descend(int $deep, string $why) {
    if ($deep === 0) throw new RuntimeException($why);
    descend($deep - 1, $why);
}
descend(80, str_repeat('the database is gone ', 8));
`

export const longTrace = defineFault({
  id: 'long-trace',
  says: 'the application fails on its front page, with a long stack trace',
  causes: ['fatal-errors'],
  remediations: [],
  steps: /The application has to be mended/,
  inject: (host) => host.writeFile('/var/www/html/index.php', page),
  shows: (host) => answers(host, 500, '/'),
})
