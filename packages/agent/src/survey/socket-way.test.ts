import { expect, test } from 'vitest'
import { fakeReadHost, type FakeWorld } from './fake-read-host.ts'
import { socketWay } from './socket-way.ts'

const worker = 51
const at = (path: string) => `/proc/${worker}/root${path}`

function way(tree: FakeWorld['tree'], path: string, answers: FakeWorld['answers'] = {}) {
  const views = [{ service: 'php8.2-fpm', masterPid: 100 }]
  const host = fakeReadHost({ ...(tree ? { tree } : {}), answers })
  return socketWay(host, path, { workerPid: worker, views, isDenied: true })
}

test('every name on the way, in the view of the worker, with its list', async () => {
  const path = '/run/php/php8.2-fpm.sock'
  const found = await way({ [at(path)]: { is: 'socket' } }, path, {
    'file-acls': `# file: ${at(path)}\nuser::rw-\nuser:33:r--\ngroup::rw-\nmask::rw-\nother::---\n`,
  })
  expect(found).toMatchObject({ hasReadAcls: true, missing: null, stopped: null, seenBy: [] })
  expect(found.steps.map((step) => [step.path, step.kind, step.acl.length])).toEqual([
    ['/run', 'directory', 0],
    ['/run/php', 'directory', 0],
    [path, 'socket', 5],
  ])
})

test('links are followed within that view, also those that begin at its root', async () => {
  const tree = {
    [at('/run/php/php-fpm.sock')]: { link: '/etc/alternatives/php-fpm.sock' },
    [at('/etc/alternatives/php-fpm.sock')]: { link: '../../run/php/php8.2-fpm.sock' },
    [at('/run/php/php8.2-fpm.sock')]: { is: 'socket' as const },
  }
  const found = await way(tree, '/run/php/php-fpm.sock')
  expect(found.steps.map(({ path }) => path)).toEqual([
    ...['/run', '/run/php', '/etc', '/etc/alternatives', '/run/php/php8.2-fpm.sock'],
  ])
})

test('the first name that is not there, and whether FPM sees it where it is', async () => {
  const tree = { [at('/run/php/other.sock')]: { is: 'socket' as const } }
  expect(await way(tree, '/run/php/php.sock')).toMatchObject({ missing: '/run/php/php.sock', seenBy: [] })
  expect(await way(tree, '/run/web/php.sock')).toMatchObject({ missing: '/run/web', hasReadAcls: false })
  const hidden = { ...tree, '/proc/100/root/run/php/php.sock': { is: 'socket' as const } }
  expect(await way(hidden, '/run/php/php.sock')).toMatchObject({ seenBy: ['php8.2-fpm'] })
})

test('a file in the middle, and links in a circle', async () => {
  expect(await way({ [at('/run/php')]: 'text' }, '/run/php/php.sock')).toMatchObject({
    missing: null,
    stopped: '/run/php is not a directory',
  })
  const circle = { [at('/run/a')]: { link: 'b' }, [at('/run/b')]: { link: 'a' } }
  expect(await way(circle, '/run/a')).toMatchObject({ stopped: expect.stringContaining('too many links') })
})

test('without a worker the way is walked as root sees it', async () => {
  const host = fakeReadHost({ tree: { '/run/x.sock': { is: 'socket' } } })
  const found = await socketWay(host, '/run/x.sock', { workerPid: null, views: [], isDenied: true })
  expect(found).toMatchObject({ missing: null })
})

test('nobody is asked for lists where nothing was denied', async () => {
  const host = fakeReadHost({ tree: { '/run/x.sock': { is: 'socket' } } })
  await socketWay(host, '/run/x.sock', { workerPid: null, views: [], isDenied: false })
  expect(host.questions).toEqual([])
})
