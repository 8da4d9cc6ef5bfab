/** A site behind `proxy_pass` whose server is not running. */
import { appAnswers, proxiedApp } from '../proxied-app.ts'
import { defineFault } from '../fault.ts'

export const appPortClosed = defineFault({
  id: 'app-port-closed',
  says: 'nothing listens where proxy_pass leads',
  causes: ['proxy-upstream-down'],
  remediations: [],
  steps: /127\.0\.0\.1:8000.*correct proxy_pass at/,
  inject: proxiedApp,
  shows: (host) => appAnswers(host, 502),
})
