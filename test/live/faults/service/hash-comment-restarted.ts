/** I-22: a tool wrote its comment with a hash, which FPM takes for a line without a value. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const hashCommentRestarted = defineFault({
  id: 'hash-comment-restarted',
  says: 'a restart met a comment that begins with #',
  causes: ['fpm-config-invalid'],
  besides: ['fpm-crashed'],
  remediations: ['restore-config'],
  async inject(host) {
    await host.writeFile(host.pool, `# managed by ansible\n${await host.readFile(host.pool)}`)
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
