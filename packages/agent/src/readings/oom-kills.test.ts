import { expect, test } from 'vitest'
import { readJournal } from './journal.ts'
import { readOomKills } from './oom-kills.ts'

/** As `journalctl --dmesg -o json` gives a message of the kernel. */
const kernel = (message: string, atMs = 1000) =>
  JSON.stringify({
    __REALTIME_TIMESTAMP: String(atMs * 1000),
    __CURSOR: 'c',
    _TRANSPORT: 'kernel',
    SYSLOG_IDENTIFIER: 'kernel',
    PRIORITY: '4',
    MESSAGE: message,
  })
const killsOf = (...lines: readonly string[]) => readOomKills(readJournal(lines.join('\n')).entries)

/** Written by a 6.18 kernel when a worker on a test host exceeded the limit of its cgroup. */
const inCgroup = [
  'php-fpm8.2 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0',
  '[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name',
  'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cap,mems_allowed=0,oom_memcg=/process_api/427885c7fc79d94bb49a83deaa5261df/fleetmend-lab-1/cap/system.slice/php8.2-fpm.service,task_memcg=/process_api/427885c7fc79d94bb49a83deaa5261df/fleetmend-lab-1/cap/system.slice/php8.2-fpm.service,task=php-fpm8.2,pid=31764,uid=33',
  'Memory cgroup out of memory: Killed process 31764 (php-fpm8.2) total-vm:406392kB, anon-rss:95832kB, file-rss:4760kB, shmem-rss:796kB, UID:33 pgtables:308kB oom_score_adj:0',
]

test('one kill is one, with the victim, its cgroup, and whose limit it was', () => {
  expect(killsOf(...inCgroup.map((line) => kernel(line)))).toEqual([
    {
      atMs: 1000,
      pid: 31764,
      name: 'php-fpm8.2',
      cgroup: expect.stringMatching(/\/system\.slice\/php8\.2-fpm\.service$/) as string,
      limitCgroup: expect.stringMatching(/\/system\.slice\/php8\.2-fpm\.service$/) as string,
      says: inCgroup[3],
    },
  ])
})

test('a host out of memory has no limit to name, and who asked for memory is not who died', () => {
  const lines = [
    'php-fpm8.2 invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0',
    'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/mariadb.service,task=mariadbd,pid=812,uid=106',
    'Out of memory: Killed process 812 (mariadbd) total-vm:1776200kB, anon-rss:802344kB',
  ]
  expect(killsOf(...lines.map((line) => kernel(line)))).toMatchObject([
    { pid: 812, name: 'mariadbd', cgroup: '/system.slice/mariadb.service', limitCgroup: null },
  ])
})

test('kernels before 5.0 say only who died', () => {
  expect(killsOf(kernel('Killed process 4711 (php-fpm) total-vm:381796kB, anon-rss:95656kB'))).toMatchObject([
    { pid: 4711, name: 'php-fpm', cgroup: null },
  ])
})

test('a process cannot give its death to another by its name', () => {
  const line =
    'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice,task=a,pid=1,uid=0,pid=99,uid=1000'
  expect(killsOf(kernel(line))).toMatchObject([{ pid: 99, name: 'a,pid=1,uid=0', cgroup: '/user.slice' }])
})
