/** What an editor leaves in pool.d: no include matches it, so that nothing was changed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault } from '../fault.ts'

export const editorBackup = defineFault({
  id: 'editor-backup',
  says: "an editor's backup beside a pool file",
  causes: [],
  remediations: [],
  async inject(host) {
    await sleep(2000)
    for (const backup of [`${host.pool}~`, `${host.pool}.bak`, host.pool.replace('www.conf', '.www.conf.swp')])
      await host.must(['cp', host.pool, backup])
  },
})
