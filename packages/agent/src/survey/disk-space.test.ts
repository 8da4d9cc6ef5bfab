import { expect, test } from 'vitest'
import { diskSpace } from './disk-space.ts'
import { fakeReadHost, timedOut, type FakeWorld } from './fake-read-host.ts'

const mountinfo = `22 1 254:0 / / rw - ext4 /dev/vda1 rw
30 22 0:24 / /run rw - tmpfs tmpfs rw
31 22 0:25 / /srv rw - nfs4 filer:/srv rw
32 22 0:26 / /data rw - btrfs /dev/vdb rw
`
const world: FakeWorld = {
  tree: {
    '/proc/self/mountinfo': mountinfo,
    '/var/log/nginx/error.log': '',
    '/var/log/php8.2-fpm.log': '',
    '/run/php': { is: 'directory' },
    '/srv/log': { is: 'directory' },
    '/data/log': { is: 'directory' },
    '/var/log/linked': { link: '/srv/log' },
  },
  spaces: {
    '/': { sizeBytes: 1000, freeBytes: 100, inodes: 50, freeInodes: 0 },
    '/run': { sizeBytes: 200, freeBytes: 0, inodes: 20, freeInodes: 10 },
    '/data': { sizeBytes: 3000, freeBytes: 300, inodes: 0, freeInodes: 0 },
  },
  answers: { 'disk-space': '4000 400 40 4 /srv /srv/log\n4000 400 40 4 /srv /var/log/linked\n' },
}

test('a file system of this host says at once how full it is', async () => {
  const host = fakeReadHost(world)
  const root = { mountedAt: '/', sizeBytes: 1000, freeBytes: 100, freeInodes: 0 }
  expect(await diskSpace(host, ['/var/log/nginx/error.log', '/var/log/php8.2-fpm.log', '/run/php'])).toEqual({
    ok: true,
    value: [
      { path: '/var/log/nginx/error.log', ...root },
      { path: '/var/log/php8.2-fpm.log', ...root },
      { path: '/run/php', mountedAt: '/run', sizeBytes: 200, freeBytes: 0, freeInodes: 10 },
    ],
  })
  expect(host.questions).toEqual([])
})

test('one that makes inodes as it needs them never lacks one', async () => {
  const space = { mountedAt: '/data', sizeBytes: 3000, freeBytes: 300, freeInodes: null }
  expect(await diskSpace(fakeReadHost(world), ['/data/log'])).toEqual({
    ok: true,
    value: [{ path: '/data/log', ...space }],
  })
})

test('one that another host serves is asked by df, whatever link leads there', async () => {
  const host = fakeReadHost(world)
  const space = { mountedAt: '/srv', sizeBytes: 4000, freeBytes: 400, freeInodes: 4 }
  expect(await diskSpace(host, ['/srv/log', '/run/php', '/var/log/linked'])).toEqual({
    ok: true,
    value: [
      { path: '/run/php', mountedAt: '/run', sizeBytes: 200, freeBytes: 0, freeInodes: 10 },
      { path: '/srv/log', ...space },
      { path: '/var/log/linked', ...space },
    ],
  })
  expect(host.questions).toEqual([{ tool: 'disk-space', paths: ['/srv/log', '/var/log/linked'] }])
})

test('a df that is given up on is an answer that could not be had', async () => {
  const host = fakeReadHost({ ...world, answers: { 'disk-space': timedOut } })
  expect(await diskSpace(host, ['/srv/log'])).toEqual(timedOut)
})

test('where nothing says what is mounted, df is asked', async () => {
  const host = fakeReadHost({ tree: { '/srv/log': { is: 'directory' } }, answers: world.answers ?? {} })
  const space = { mountedAt: '/srv', sizeBytes: 4000, freeBytes: 400, freeInodes: 4 }
  expect(await diskSpace(host, ['/srv/log'])).toEqual({ ok: true, value: [{ path: '/srv/log', ...space }] })
})

test('what is not there is nowhere', async () => {
  const host = fakeReadHost(world)
  expect(await diskSpace(host, ['/var/lib/nginx/tmp'])).toEqual({ ok: true, value: [] })
  expect(host.questions).toEqual([])
})
