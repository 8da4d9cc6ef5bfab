/** Logs full of yesterday: a pool at its limit, crashes, kills, refusals. Nothing of it holds any more. */
import { defineFault } from '../fault.ts'

/** Lines as FPM and nginx write them on a bad day. */
const fpmLines = (day: string) =>
  [
    'WARNING: [pool www] server reached pm.max_children setting (5), consider raising it',
    'WARNING: [pool www] child 511 exited on signal 11 (SIGSEGV - core dumped) after 12.041007 seconds from start',
    'WARNING: [pool www] child 512 exited on signal 9 (SIGKILL) after 15.102003 seconds from start',
    'ERROR: fork() failed: Resource temporarily unavailable (11)',
  ].map((line) => `[${day} 21:10:01] ${line}\n`)

const nginxLine = (day: string) =>
  `${day} 21:10:09 [error] 77#77: *1 connect() to unix:/run/php/php5.6-fpm.sock failed (111: Connection refused) while ` +
  'connecting to upstream, client: 192.0.2.7, server: shop.example, request: "GET / HTTP/1.1", upstream: ' +
  '"fastcgi://unix:/run/php/php5.6-fpm.sock:", host: "shop.example"\n'

export const oldLogOfCrashes = defineFault({
  id: 'old-log-of-crashes',
  says: 'nothing is wrong; the logs are full of yesterday',
  causes: [],
  remediations: [],
  async inject(host) {
    const log = `/var/log/${host.unit}.log`
    const yesterday = (format: string) => host.must(['date', '--date=yesterday', format]).then((day) => day.trim())
    await host.writeFile(log, [...fpmLines(await yesterday('+%d-%b-%Y')), await host.readFile(log)].join(''))
    await host.writeFile('/var/log/nginx/error.log', nginxLine(await yesterday('+%Y/%m/%d')).repeat(200))
  },
})
