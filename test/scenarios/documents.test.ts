/** Whatever a command prints for programs says what it is and of which version: one document, or one on each line. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifestDigest, type RunView } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { examples } from '../../packages/cli/src/words/examples.ts'
import { commands } from '../../packages/cli/test/all-commands.ts'
import { fleetmend } from './terminal.ts'
import { openWorld } from './world.ts'

const versioned = /^fleetmend\.[a-z-]+\/\d+$/
const takes = (option: string) => commands.filter(({ command }) => command.options.some(({ long }) => long === option))
const formatOf = (text: string): string => (JSON.parse(text) as { readonly format: string }).format
const linesOf = (text: string): readonly string[] => text.split('\n').slice(0, -1)

/** Nobody is to be reached: by name, where the example names a host. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'agent install': ['agent', 'install', '--ssh', 'nowhere.invalid', '--no-enrol'],
  'agent uninstall': ['agent', 'uninstall', '--ssh', 'nowhere.invalid'],
  'controller backup': ['controller', 'backup', join(tmpdir(), 'fleetmend-no-backup.sqlite')],
}

function wordsFor({ words, command }: (typeof commands)[number]): readonly string[] {
  const [first = ''] = examples[words] ?? []
  const plain = [...first.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  const isAsking = command.options.some(({ long }) => long === '--yes')
  return [...(elsewhere[words] ?? plain), ...(isAsking ? ['--yes'] : [])]
}

/** Of each that could not be done: whether it says what to type next. */
const nextCommands: [string, boolean][] = []

const digest = `sha256:${'0'.repeat(64)}`

test.each(takes('--json'))('$words --json: what goes wrong is a document', async (named) => {
  const more = named.command.options.some(({ long }) => long === '--digest') ? ['--digest', digest] : []
  const ran = await fleetmend({ socket: '/nowhere/controller.sock' }, [...wordsFor(named), ...more, '--json'])
  expect(formatOf(ran.out), ran.err).toMatch(versioned)
  expect(ran.exitCode).not.toBe(1)
  if (formatOf(ran.out) === 'fleetmend.problem/1')
    nextCommands.push([named.words, /^ {4,}(sudo )?fleetmend /m.test(ran.err)])
})

test('and for people it says what to type next', () => {
  expect(nextCommands.length).toBeGreaterThan(25)
  expect(nextCommands.filter(([, suggests]) => !suggests)).toEqual([])
})

test.each(takes('--jsonl'))('$words --jsonl: what goes wrong is a line', async (named) => {
  const ran = await fleetmend({ socket: '/nowhere/controller.sock' }, [...wordsFor(named), '--jsonl'])
  expect(linesOf(ran.out).map(formatOf), ran.err).toEqual(['fleetmend.problem/1'])
})

test('what goes well is one, too', async () => {
  await using world = await openWorld()
  const host = await world.add('web-1')
  host.killFpm()
  const ask = async (...words: readonly string[]) => {
    const { out, err } = await fleetmend(world, [...words, '--json'])
    expect(formatOf(out), `${words.join(' ')}: ${err}`).toMatch(versioned)
    return JSON.parse(out) as { readonly format: string }
  }
  const formatsOf = async (...all: readonly string[][]) => {
    const formats = []
    for (const words of all) formats.push((await ask(...words)).format)
    return formats
  }
  const planned = ((await ask('plan', '--watch', '0')) as unknown as RunView).run
  const { id } = planned
  const key = ['--key', world.keys.olivia]
  expect(
    await formatsOf(
      ['hosts', 'list'],
      ['hosts', 'invite'],
      ['whoami'],
      ['tokens', 'create', '--name', 'ana', '--role', 'operator'],
      ['tokens', 'list'],
      ['tokens', 'revoke', '--name', 'ana'],
      ['diagnose'],
      ['runs', 'list'],
      ['runs', 'show', id],
      ['approve', id, '--digest', manifestDigest(planned.manifest!), ...key, '--yes'],
      ['apply', id],
      ['runs', 'watch', id],
      ['audit', 'list'],
      ['fix', '--yes'],
      ['hosts', 'remove', 'web-1'],
    ),
  ).toEqual([
    'fleetmend.hosts/1',
    'fleetmend.invitation/1',
    'fleetmend.whoami/1',
    'fleetmend.token/1',
    'fleetmend.tokens/1',
    'fleetmend.revoked/1',
    'fleetmend.diagnosis/1',
    'fleetmend.runs/1',
    'fleetmend.run/1',
    'fleetmend.run/1',
    'fleetmend.run/1',
    'fleetmend.run/1',
    'fleetmend.audit-list/1',
    'fleetmend.run/1',
    'fleetmend.removed/1',
  ])
  const told = linesOf((await fleetmend(world, ['runs', 'watch', id, '--jsonl'])).out)
  expect(new Set(told.map(formatOf))).toEqual(new Set(['fleetmend.news/1']))
  const applied = told.map((line) => JSON.parse(line) as { event?: { type: string }; hosts?: readonly object[] })
  expect(applied.find(({ event }) => event?.type === 'host-applied')?.hosts).toMatchObject([
    { id: 'web-1', state: 'fixed' },
  ])
})
