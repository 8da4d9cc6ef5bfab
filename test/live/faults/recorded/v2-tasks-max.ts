/** TasksMax with the pids controller of cgroup v2: the pool would grow, and may not. */
import { defineRecordedFault } from '../fault.ts'

export const v2TasksMax = defineRecordedFault({
  id: 'v2-tasks-max',
  says: 'cgroup v2: a limit of processes keeps the pool small',
  kernel: 'apparmor',
  causes: ['fork-limit'],
  besides: ['upstream-timeout', 'pool-exhausted'],
  remediations: ['raise-limits'],
  async inject(host) {
    await host.must(['systemctl', 'set-property', '--runtime', host.unit, 'TasksMax=3'])
    const asked = Array.from({ length: 6 }, () => host.status('/sleep.php?s=60'))
    return { [Symbol.asyncDispose]: async () => void (await Promise.allSettled(asked)) }
  },
  shows: async (host) => (await host.readFile(`/var/log/${host.unit}.log`)).includes('fork() failed'),
})
