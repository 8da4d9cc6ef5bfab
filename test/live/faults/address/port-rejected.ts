/** A policy of the kernel refuses connections to the port that FPM listens on, as a firewall does. */
import { answers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const portRejected = defineFault({
  id: 'port-rejected',
  says: "the kernel refuses connections to FPM's port",
  causes: ['port-blocked'],
  remediations: [],
  steps: /`ip rule`/,
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await edit(host, site, `unix:${host.socket}`, '127.0.0.1:9000')
    await restartFpm(host)
    await reloadNginx(host)
    if (!(await answers(host, 200))) throw new Error('PHP does not answer.')
    // Rules are asked in their order, and that for local addresses is the first as a host is born.
    await host.must(['ip', 'rule', 'add', 'pref', '10', 'lookup', 'local'])
    await host.must(['ip', 'rule', 'add', 'pref', '5', 'ipproto', '6', 'dport', '9000', 'unreachable'])
    await host.must(['ip', 'rule', 'del', 'pref', '0'])
  },
  shows: (host) => answers(host, 502),
})
