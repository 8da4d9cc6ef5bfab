/** The mode looks right, and an access control list takes from nginx's group what it shows. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const socketDeniedByAcl = defineFault({
  id: 'socket-denied-by-acl',
  says: 'an access control list keeps nginx out',
  causes: ['socket-denied'],
  remediations: ['fix-socket-access'],
  async inject(host) {
    await host.must(['chown', 'root:root', host.socket])
    await host.must(['setfacl', '-m', 'u:nobody:rw,u:www-data:r', host.socket])
  },
  shows: (host) => answers(host, 502),
})
