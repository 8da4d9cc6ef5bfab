/** I-24: Windows line ends beside a real fault, which is the one to be named. */
import { answers, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const crlfBesideAMove = defineFault({
  id: 'crlf-beside-a-move',
  says: 'FPM was moved, by an editor that writes Windows line ends',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '/run/php/www.sock')
    const text = await host.readFile(host.pool)
    await host.writeFile(host.pool, text.replaceAll('\n', '\r\n'))
    await restartFpm(host)
  },
  shows: (host) => answers(host, 502),
})
