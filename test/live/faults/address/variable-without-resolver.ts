/** fastcgi_pass with a variable that holds a name, and no resolver. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const variableWithoutResolver = defineFault({
  id: 'variable-without-resolver',
  says: 'fastcgi_pass is a variable with a name, and no resolver is set',
  causes: ['upstream-name-unresolved'],
  remediations: [],
  steps: /resolver.*nginx -t/,
  async inject(host) {
    await edit(
      host,
      site,
      `fastcgi_pass unix:${host.socket};`,
      'set $backend "php.internal:9000"; fastcgi_pass $backend;',
    )
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
