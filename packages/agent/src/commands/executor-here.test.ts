import { expect, test } from 'vitest'
import { whoIsHere, whoLoggedIn } from './executor-here.ts'

/** Processes by id: the parent of each, and its environment. */
function hostWith(processes: Readonly<Record<number, { parent: number; environment: string }>>) {
  return {
    process: async (pid: number) => {
      const found = processes[pid]
      return found
        ? ({ ok: true, value: { parentPid: found.parent } } as never)
        : ({ ok: false, why: 'missing', says: 'gone' } as never)
    },
    readFile: async (path: string) => {
      const found = processes[Number(path.split('/')[2])]
      return found
        ? ({ ok: true, value: Buffer.from(found.environment) } as never)
        : ({ ok: false, why: 'missing', says: 'gone' } as never)
    },
  }
}

test.each([
  { environment: {}, over: null, says: 'root at this host' },
  { environment: { SUDO_USER: 'olivia' }, over: null, says: 'olivia (root through sudo)' },
  {
    environment: { SUDO_USER: 'olivia' },
    over: { address: '192.0.2.7' },
    says: 'olivia, root through sudo, over SSH from 192.0.2.7 (not proved: as sudo and sshd say)',
  },
  {
    environment: {},
    over: { address: '2001:db8::7' },
    says: 'root over SSH from 2001:db8::7 (not proved: as sudo and sshd say)',
  },
  { environment: { SUDO_USER: 'a\u001B[2Jb\nc' }, over: null, says: 'a\\u{1b}[2Jb\\nc (root through sudo)' },
])('$says', ({ environment, over, says }) => {
  expect(whoIsHere(environment, over)).toBe(says)
})

test('what sshd said is found above sudo, which hides it', async () => {
  const host = hostWith({
    [process.ppid]: { parent: 70, environment: 'PATH=/bin\0' },
    70: { parent: 60, environment: 'HOME=/root\0SSH_CONNECTION=192.0.2.7 51234 10.0.0.1 22\0' },
  })
  expect(await whoLoggedIn(host, {})).toEqual({ address: '192.0.2.7' })
})

test.each([
  { what: 'nobody said anything', own: {} },
  { what: 'what is said is no address', own: { SSH_CONNECTION: '\u001B[2J 1 2 3' } },
])('it is nobody over SSH where $what', async ({ own }) => {
  expect(await whoLoggedIn(hostWith({}), own)).toBe(null)
})
