/**
 * A container with a memory limit and a cgroup namespace of its own, as Docker makes them with cgroup v2: the limit stands at the
 * root of what it sees, and the pool may grow beyond it.
 */
import { fullImage, imagePool, logElsewhere } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { defineRecordedFault } from '../fault.ts'

const cgroup = '/sys/fs/cgroup/system.slice/enclosure.service'

/** As `docker exec` does: into the cgroup first, then into the namespaces. */
const enter = `echo $$ > ${cgroup}/cgroup.procs && exec unshare --cgroup -- "$@"`
const mountOwn = 'umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"'

export const v2ContainerLimit = defineRecordedFault({
  id: 'v2-container-limit',
  says: 'cgroup v2: the pool of a container may need more than the container has',
  kernel: 'apparmor',
  causes: [],
  alsoFound: ['pool-too-large'],
  tells: { 'pool-too-large': /the limit above it is 384 MiB/ },
  couldNotTell: [logElsewhere],
  remediations: [],
  within: (host) => ['sh', '-c', enter, host.unit, ...inside(host), 'sh', '-c', mountOwn, host.unit],
  async inject(host) {
    const image = await fullImage(host)
    await image.writeFile(imagePool, '[global]\ndaemonize = no\n\n[www]\nlisten = 9000\npm.max_children = 80\n')
    await image.must(['sh', '-c', 'kill -USR2 $(pgrep --oldest php-fpm)'])
    await host.must(['systemctl', 'set-property', '--runtime', 'enclosure', 'MemoryMax=384M'])
  },
})
