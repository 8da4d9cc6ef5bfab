/** A site behind `proxy_pass` whose server takes connections and says nothing. */
import { appAnswers, proxiedApp } from '../proxied-app.ts'
import { defineFault } from '../fault.ts'

export const appNeverAnswers = defineFault({
  id: 'app-never-answers',
  says: 'the server behind proxy_pass does not answer',
  causes: ['proxy-upstream-timeout'],
  remediations: [],
  steps: /127\.0\.0\.1:8000.*proxy_read_timeout at/,
  async inject(host) {
    // systemd takes `$name` for a variable of its own.
    const deaf = '$$s = stream_socket_server("tcp://127.0.0.1:8000"); sleep(600);'
    await host.must(['systemd-run', '--unit=app', '--', '/usr/bin/php', '-r', deaf])
    await proxiedApp(host)
    await appAnswers(host, 504)
  },
  shows: (host) => appAnswers(host, 504),
})
