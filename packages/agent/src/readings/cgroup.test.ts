import { expect, test } from 'vitest'
import { cgroupPlace, readCounters } from './cgroup.ts'

const v1 =
  '9:name=systemd:/system.slice/php8.2-fpm.service\n8:pids:/\n4:memory:/system.slice/php8.2-fpm.service\n0::/x\n'

test('with a hierarchy of its own, a controller is not in v2', () => {
  expect(cgroupPlace(v1, 'memory')).toEqual({
    folder: '/sys/fs/cgroup/memory/system.slice/php8.2-fpm.service',
    path: '/system.slice/php8.2-fpm.service',
    version: 1,
  })
  expect(cgroupPlace(v1, 'pids')).toEqual({ folder: '/sys/fs/cgroup/pids', path: '/', version: 1 })
})

test('v2 has one place for all', () => {
  expect(cgroupPlace('0::/system.slice/php8.2-fpm.service\n', 'pids')).toEqual({
    folder: '/sys/fs/cgroup/system.slice/php8.2-fpm.service',
    path: '/system.slice/php8.2-fpm.service',
    version: 2,
  })
  expect(cgroupPlace('', 'memory')).toBeNull()
})

test('counters of v1 and v2', () => {
  expect(readCounters('oom_kill_disable 0\nunder_oom 0\noom_kill 1\n').get('oom_kill')).toBe(1)
  expect(readCounters('low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n').get('oom_kill')).toBe(2)
})
