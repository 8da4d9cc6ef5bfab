/** One page of the application fails; the others are well, and so are the services. */
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const onePageFatal = defineFault({
  id: 'one-page-fatal',
  says: 'one page of the application fails',
  causes: [],
  besides: ['fatal-errors'],
  remediations: [],
  async inject(host) {
    await ask(host, '/ok.php', 10)
    await ask(host, '/fatal.php', 3)
  },
})
