import { expect, test } from 'vitest'
import { fakeReadHost } from './fake-read-host.ts'
import { followedSocket, inRealFolder } from './socket-path.ts'

const host = fakeReadHost({
  tree: {
    '/var/run': { link: '/run' },
    '/run/php/php8.2-fpm.sock': { is: 'socket' },
    '/run/php/php-fpm.sock': { link: '/etc/alternatives/php-fpm.sock' },
    '/etc/alternatives/php-fpm.sock': { link: '/run/php/php8.2-fpm.sock' },
    '/run/php/stopped.sock': { link: '/etc/alternatives/stopped.sock' },
    '/etc/alternatives/stopped.sock': { link: '../../var/run/php/php8.3-fpm.sock' },
    '/run/php/round.sock': { link: 'about.sock' },
    '/run/php/about.sock': { link: 'round.sock' },
    '/app.sock': { link: '/run/app.sock' },
  },
})

test.each([
  { is: 'a socket is where it is', path: '/run/php/php8.2-fpm.sock', leads: '/run/php/php8.2-fpm.sock' },
  { is: 'links are followed', path: '/run/php/php-fpm.sock', leads: '/run/php/php8.2-fpm.sock' },
  {
    is: 'links are followed to a socket that is gone',
    path: '/run/php/stopped.sock',
    leads: '/run/php/php8.3-fpm.sock',
  },
  { is: 'folders are real, though the socket is gone', path: '/var/run/php/x.sock', leads: '/run/php/x.sock' },
  { is: 'a folder that is gone, too, stays as written', path: '/var/run/none/x.sock', leads: '/var/run/none/x.sock' },
  { is: 'a socket may stand at the root', path: '/app.sock', leads: '/run/app.sock' },
])('$is: $path leads to $leads', async ({ path, leads }) => {
  expect(await followedSocket(host, path)).toBe(leads)
})

test('links that lead in a circle end', async () => {
  expect(await followedSocket(host, '/run/php/round.sock')).toMatch(/^\/run\/php\/(round|about)\.sock$/)
})

test('where FPM would make its socket, a link counts for nothing', async () => {
  expect(await inRealFolder(host, '/var/run/php/php-fpm.sock')).toBe('/run/php/php-fpm.sock')
})
