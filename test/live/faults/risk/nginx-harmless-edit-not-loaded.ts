/** A site was edited in a way that is right, and nginx was not told. */
import { setTimeout as sleep } from 'node:timers/promises'
import { edit, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const nginxHarmlessEditNotLoaded = defineFault({
  id: 'nginx-harmless-edit-not-loaded',
  says: 'a site was edited and nginx not reloaded',
  causes: [],
  alsoFound: ['config-not-loaded'],
  remediations: ['reload-nginx'],
  async inject(host) {
    await sleep(2000)
    await edit(host, site, 'index index.php', 'client_max_body_size 64m;\n\tindex index.php')
  },
})
