import { expect, test } from 'vitest'
import { readDiskSpace } from './disk-space.ts'

/** Of coreutils 9.1, with a full tmpfs at a name with a blank in it. */
const output = `   1B-blocks       Avail   Inodes    IFree Mounted on         File
270553174016 83187826688 16777216 16295328 /                  /etc/hostname
     1048576           0  3085512  3085509 /tmp/cap/two words /tmp/cap/two words/a log
270553174016 83187826688 16777216 16295328 /                  /run
`

test('what is free at each path, and where its file system begins', () => {
  expect(readDiskSpace(output, ['/etc/hostname', '/tmp/cap/two words/a log', '/nope'])).toEqual([
    {
      path: '/etc/hostname',
      mountedAt: '/',
      sizeBytes: 270553174016,
      freeBytes: 83187826688,
      freeInodes: 16295328,
    },
    {
      path: '/tmp/cap/two words/a log',
      mountedAt: '/tmp/cap/two words',
      sizeBytes: 1048576,
      freeBytes: 0,
      freeInodes: 3085509,
    },
  ])
})

test('a file system that makes inodes as it needs them never lacks one', () => {
  const btrfs = '107374182400 64424509440 0 0 /srv /srv/log\n107374182400 64424509440 - - /mnt /mnt/log\n'
  expect(readDiskSpace(btrfs, ['/srv/log', '/mnt/log']).map(({ freeInodes }) => freeInodes)).toEqual([null, null])
})
