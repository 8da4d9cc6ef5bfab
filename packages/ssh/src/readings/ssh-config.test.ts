import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSshConfig, type ConfigFiles } from './ssh-config.ts'
import { readSshDestination } from './ssh-destination.ts'
import { meantBy } from './ssh-settings.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'))

const person = { name: 'ana', uid: 1000, home: '/home/ana', machine: 'laptop', environment: { A: 'a' } }
const start = [{ path: '/home/ana/.ssh/config', isUsers: true, isGuarded: true }]

/** By path, without patterns. */
function filesOf(texts: Readonly<Record<string, string>>): ConfigFiles {
  return {
    text: (path) => ({ ok: true, value: texts[path] ?? null }),
    matching: (pattern) => (Object.hasOwn(texts, pattern) ? [pattern] : []),
  }
}

function readAs(texts: Readonly<Record<string, string>>, host = 'web-1', user: string | null = null) {
  const asked = { host, user, port: null, jump: null }
  const settings = readSshConfig(asked, start, person, filesOf(texts))
  return settings.ok ? meantBy(settings.value, asked, person) : settings
}

test('a relative include of a person is in ~/.ssh, and may be named with ~ and from the environment', () => {
  const config = 'Include one ~/two ${A}/three'
  const texts = { '/home/ana/.ssh/one': 'User x', '/home/ana/two': 'Port 2', '/home/ana/.ssh/a/three': 'HostName y' }
  expect(readAs({ '/home/ana/.ssh/config': config, ...texts })).toMatchObject({
    value: { user: 'x', port: 2, hostName: 'y' },
  })
})

test('a mistake in an include is told with the place of the include', () => {
  const texts = { '/home/ana/.ssh/config': 'Host db\nInclude one', '/home/ana/.ssh/one': '\n\nUsr x' }
  expect(readAs(texts)).toMatchObject({ ok: false, file: '/home/ana/.ssh/one', line: 3 })
})

test('the files of a machine include nothing from a home', () => {
  const machines = [{ path: '/etc/ssh/ssh_config', isUsers: false, isGuarded: false }]
  const asked = { host: 'web-1', user: null, port: null, jump: null }
  const read = readSshConfig(asked, machines, person, filesOf({ '/etc/ssh/ssh_config': 'Include ~/x' }))
  expect(read).toMatchObject({ ok: false, file: '/etc/ssh/ssh_config', line: 1 })
})

test('any bytes are taken, as a configuration and as a word for a host', () => {
  const words = fc.constantFrom(
    ...['Host ', 'Match ', 'host ', 'final ', 'exec ', 'Include ', 'HostName ', 'ProxyJump ', 'IdentityFile ', 'Port '],
    ...['User ', 'IdentityAgent ', '%', '${', '}', '~', '$', '"', '=', '\n', ' ', ',', '!', '*', '[', '|', '#', '\\'],
  )
  const text = fc.array(fc.oneof(words, fc.string())).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(bytes, text), text, (config, word) => {
      const written = readSshDestination(word)
      readAs({ '/home/ana/.ssh/config': config, '/home/ana/.ssh/x': config }, ...asWritten(written))
    }),
  )
})

function asWritten(written: ReturnType<typeof readSshDestination>): readonly [string?, (string | null)?] {
  return written.ok ? [written.value.host, written.value.user] : []
}
