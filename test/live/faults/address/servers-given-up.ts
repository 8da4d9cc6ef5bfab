/** FPM was away for a moment; nginx has given up both servers of its group and does not ask them again yet. */
import { answers, ask, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const serversGivenUp = defineFault({
  id: 'servers-given-up',
  says: 'nginx has given up a group whose servers are back',
  causes: ['no-live-upstreams'],
  remediations: ['reload-nginx'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '9000')
    await restartFpm(host)
    const servers = ['127.0.0.1:9000', '127.0.0.2:9000'].map((each) => `server ${each} fail_timeout=60s;`).join(' ')
    await edit(host, site, `unix:${host.socket}`, 'php')
    await host.writeFile(site, `upstream php { ${servers} }\n${await host.readFile(site)}`)
    await reloadNginx(host)
    await host.must(['systemctl', 'stop', host.unit])
    await ask(host, '/ok.php', 20)
    await host.must(['systemctl', 'start', host.unit])
    // Before a start the journal would tell of a stop; what is asked is whether the group is told of.
    if (!(await answers(host, 502))) throw new Error('nginx did not give them up.')
  },
  shows: (host) => answers(host, 502),
})
