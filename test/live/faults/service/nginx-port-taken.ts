/** Another server took port 80 while nginx was down for a moment. `nginx -t` passes. */
import { defineFault } from '../fault.ts'

export const nginxPortTaken = defineFault({
  id: 'nginx-port-taken',
  says: 'nginx was restarted, and another server has its port',
  causes: ['nginx-stopped'],
  remediations: [],
  steps: /See who holds the port \(`ss -ltnp`\)/,
  async inject(host) {
    await host.must(['systemctl', 'stop', 'nginx'])
    await host.must(['/usr/sbin/sshd', '-p', '80'])
    await host.run(['systemctl', 'start', 'nginx'])
  },
  shows: async (host) => (await host.run(['systemctl', 'is-failed', 'nginx'])).stdout.trim() === 'failed',
})
