import { expect, test } from 'vitest'
import { mountOf, readMountInfo } from './mount-info.ts'

const mounts = readMountInfo(`22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
25 22 0:23 / /usr ro,nosuid - ext4 /dev/vda1 rw
30 22 0:24 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,mode=755
31 22 0:25 / /mnt/with\\040blank rw - vfat /dev/vdb ro
32 30 0:26 / /run/locked rw - tmpfs tmpfs rw
33 32 0:26 / /run/locked ro - tmpfs tmpfs rw
not a line of mountinfo
`)

test.each([
  ['/etc/php', '/', 'ext4', false],
  ['/usr/lib/php', '/usr', 'ext4', true],
  ['/usrlocal', '/', 'ext4', false],
  ['/run/php', '/run', 'tmpfs', false],
  ['/mnt/with blank/x', '/mnt/with blank', 'vfat', true],
  ['/run/locked', '/run/locked', 'tmpfs', true],
])('%s lies on %s', (path, mount, type, readOnly) => {
  expect(mountOf(mounts, path)).toEqual({ path: mount, type, readOnly })
})

test('without any mounts nothing is known', () => {
  expect(mountOf(readMountInfo(''), '/etc')).toBeNull()
})
