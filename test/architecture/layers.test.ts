/** Which room may import which, and why. A row that names something that is gone fails, so the table cannot rot. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importsOf, productSources, resolved, root, sourcesIn, type Source } from './sources.ts'

/**
 * `may` lists everything a room imports beside itself, `never` only what it must not. A word is a folder or a file of
 * the same package's `src`, `shared` for `@fleetmend/shared`, or a module's name, where `node:*` stands for all of them.
 * After `type` it holds for types only, which leave no trace in what runs.
 */
interface Row {
  readonly room: string
  readonly may?: readonly string[]
  readonly never?: readonly string[]
  /** Rooms within it that have a row of their own instead. */
  readonly except?: readonly string[]
  readonly why: string
}

const rows: readonly Row[] = [
  // What crosses a wire
  {
    room: 'packages/shared/src',
    may: [
      'node:crypto',
      'zod/mini',
      'canonicalize',
      '@trpc/client',
      '@trpc/server',
      '@trpc/server/rpc',
      '@trpc/server/observable',
    ],
    except: ['packages/shared/src/node'],
    why: 'it is loaded by every process, browsers too one day: no I/O, and it knows no package of ours',
  },
  {
    room: 'packages/shared/src/node',
    may: ['node:*', 'wire', 'problems.ts'],
    why: 'what agent and controller do alike to the machine they are on; imported by its own name, never with the rest',
  },

  // The agent, in the order of a look at a host
  {
    room: 'packages/agent/src',
    never: ['@fleetmend/controller', '@fleetmend/cli', 'zod'],
    why: 'it runs alone on a host; and the whole zod costs 9 MB of memory there, zod/mini nothing',
  },
  {
    room: 'packages/agent/src/readings',
    may: ['shared', 'node:net', 'type host/host.ts', 'type survey/host-facts.ts'],
    except: ['packages/agent/src/readings/manifests', 'packages/agent/src/readings/yaml'],
    why: 'a reading turns text into a value; given the same text it gives the same value, on any machine',
  },
  {
    room: 'packages/agent/src/readings/manifests',
    may: ['readings', 'node:path'],
    why: 'files for containers, which only the command line reads: they stay out of what hosts carry',
  },
  {
    room: 'packages/agent/src/readings/yaml',
    may: ['shared', 'yaml'],
    why: 'the library is much to load, so that whoever may do without it imports this when a file of YAML is there',
  },
  {
    room: 'packages/agent/src/redaction',
    may: ['readings', 'type shared', 'type survey'],
    why: 'what is shown and what is hidden is decided in one place, by the text alone',
  },
  {
    room: 'packages/agent/src/survey',
    may: ['shared', 'readings', 'type host/host.ts'],
    why: 'a survey sees the machine through ReadHost only, so that recorded and fake hosts serve as well',
  },
  {
    room: 'packages/agent/src/judgement',
    may: ['shared', 'readings', 'node:net', 'type survey', 'type host/host.ts'],
    why: 'a judgement is arithmetic and rules over facts; it cannot go and look',
  },
  {
    room: 'packages/agent/src/diagnoses',
    may: ['shared', 'readings', 'judgement', 'redaction', 'plans/file-diff.ts', 'type survey', 'type host/host.ts'],
    why: 'a diagnosis decides what is wrong; it has no way to change anything',
  },
  {
    room: 'packages/agent/src/remediations',
    may: ['shared', 'readings', 'judgement', 'zod/mini', 'type survey', 'type host/host.ts'],
    why: 'a remediation decides what would be done; only execute/ does it',
  },
  {
    room: 'packages/agent/src/plans',
    may: [
      'shared',
      'readings',
      'judgement',
      'redaction',
      'diff',
      'type remediations',
      'type survey',
      'type host/host.ts',
    ],
    why: 'a plan is data; making one changes nothing',
  },
  {
    room: 'packages/agent/src/state',
    may: ['shared', 'zod/mini', 'node:*'],
    why: "the agent's own folder knows nothing of what is kept in it",
  },
  {
    room: 'packages/agent/src/audit',
    may: ['shared', 'state', 'node:*', 'type execute/begin-apply.ts', 'type host/host.ts'],
    why: 'what is on record of a host is written by whoever does it, and by nobody else; the record itself decides nothing',
  },
  {
    room: 'packages/agent/src/samples',
    may: [
      'shared',
      'readings',
      'survey',
      'zod/mini',
      'node:*',
      'execute/traffic.ts',
      'type host/host.ts',
      'type state',
    ],
    why: 'what is taken every minute must stay gentle: files of /proc and nothing that judges',
  },
  {
    room: 'packages/agent/src/policy',
    may: ['shared', 'readings', 'judgement', 'state', 'type host/host.ts'],
    why: 'what root on this host lets be done to it; whoever asks for a change has no say in it',
  },
  {
    room: 'packages/agent/src/execute',
    never: ['diagnoses', 'remediations', 'judgement/pool-sizing.ts', 'host/linux-host.ts', 'commands'],
    why: 'acting involves no choices: everything was decided when the plan was made',
  },
  {
    room: 'packages/agent/src/host',
    may: ['shared', 'readings', 'node:*'],
    why: 'it carries out questions and deeds and does not know what they are for',
  },
  {
    room: 'packages/agent/src/serve',
    never: ['commands', 'node:child_process', 'host/linux-host.ts'],
    why: 'whoever asks from outside gets what the agent offers, and nothing that only a person at the keyboard may do',
  },
  {
    room: 'packages/agent/src/commands',
    never: ['host/linux-host.ts', 'node:fs', 'node:fs/promises', 'node:child_process'],
    why: 'a command gets its host and its streams from main.ts, so that it can be tried with others',
  },

  {
    room: 'packages/agent/src/install',
    never: ['commands', 'execute', 'diagnoses', 'judgement', 'remediations', 'host/linux-host.ts'],
    why: 'it puts an agent in place, or takes it away, and knows nothing of what agents are for',
  },

  // The controller
  {
    room: 'packages/controller/src',
    never: ['@fleetmend/cli', '@fleetmend/agent'],
    why: "it knows the agent's router as a type and reads the catalogue from hello, so that fleets of mixed versions are described truthfully",
  },
  {
    room: 'packages/controller/src/people',
    never: ['runs/driver.ts', 'fleet/sessions.ts', 'api/router.ts', 'api/service.ts'],
    why: 'it decides who may ask, and hands on what the rest of the controller answers: it is given the router, and knows no procedure but by name',
  },
  {
    room: 'packages/controller/src/identity',
    may: ['shared', 'store', 'audit', 'reflect-metadata', '@peculiar/x509', 'node:*', 'type runs/clock.ts'],
    why: 'who somebody is does not depend on where they are connected, or what they are to do',
  },
  {
    room: 'packages/controller/src/fleet',
    never: ['api', 'runs/driver.ts', 'runs/transition.ts'],
    why: 'it knows where agents are connected, and nothing of why they are asked',
  },
  {
    room: 'packages/controller/src/policy',
    may: ['shared', 'fleet/selector.ts', 'node:fs/promises', 'type runs/room.ts'],
    why: 'what somebody wrote down for the whole fleet comes to the same whatever run asks, and no run can lift it',
  },
  {
    room: 'packages/controller/src',
    except: ['packages/controller/src/fleet'],
    never: ['@fleetmend/ssh'],
    why: 'the way to a host is known in one room; whoever asks a host does not notice which it is',
  },
  {
    room: 'packages/controller/src/store/migrations',
    may: ['kysely', 'kysely/migration'],
    why: 'a migration must mean the same for ever; living code changes under it',
  },
  {
    room: 'packages/controller/src/store/postgres',
    may: ['shared', 'kysely', 'pg', 'node:*', 'store/migrate.ts', 'store/storable.ts', 'type store/tables.ts'],
    why: 'where the store is kept is one thing, what is kept in it another',
  },
  {
    room: 'packages/controller/src',
    except: ['packages/controller/src/store/postgres'],
    never: ['pg'],
    why: 'what is asked of a store is asked in the same words of either',
  },

  {
    room: 'packages/cli/src/ssh',
    may: [
      'shared',
      '@fleetmend/ssh',
      '@trpc/client',
      'node:*',
      'views',
      'progress',
      'words',
      'runs/diagnose-fleet.ts',
      'cli.ts',
      'consent.ts',
      'documents.ts',
      'report-problem.ts',
      'type @fleetmend/agent',
    ],
    why: 'hosts that a person reaches with their own key; it asks no controller, and no controller comes this way',
  },

  // SSH
  {
    room: 'packages/ssh/src',
    never: ['@fleetmend/agent', '@fleetmend/cli', '@fleetmend/controller'],
    why: 'it brings a byte stream to a host, and does not know what is said over it',
  },
  {
    room: 'packages/ssh/src/readings',
    may: ['shared', 'node:crypto', 'node:net', 'type ssh-target.ts'],
    why: 'known_hosts and ssh_config are text that becomes values; which files there are, and who may write them, is not its business',
  },
  {
    room: 'packages/ssh/src/known-hosts',
    never: ['config', 'drivers', 'ssh2'],
    why: 'whose key a host has does not depend on how it is talked to',
  },
  {
    room: 'packages/ssh/src/config',
    never: ['known-hosts', 'drivers', 'ssh2', 'node:child_process'],
    why: 'a configuration is read, and nothing that it names is run',
  },

  {
    room: 'packages/ssh/src/drivers',
    never: ['config', 'run-command.ts', 'one-connection-per-host.ts'],
    why: 'a driver makes one connection to a target that is given, and verifies whom it reaches; who wanted it, and how often, is not its business',
  },

  // The command line
  {
    room: 'packages/cli/src/installation',
    never: ['commands', 'runs', 'approval', 'ssh/open-session.ts', 'node:child_process'],
    why: 'what is done on a host is decided and done there: here it is asked for, shown and agreed to',
  },
  {
    room: 'packages/cli/src/completion',
    never: ['commands', 'runs', 'approval', 'ssh', 'installation', 'consent.ts'],
    why: 'somebody is only typing: what commands there are it is given, and what they do is out of its reach',
  },
  {
    room: 'packages/cli/src',
    never: ['@fleetmend/ssh'],
    except: ['packages/cli/src/ssh'],
    why: 'a command that goes nowhere by SSH does not load it: what reads a word about it is taken by its own name',
  },
  {
    room: 'packages/cli/src',
    never: ['@fleetmend/agent', 'kysely', 'node:sqlite', '@peculiar/x509'],
    why: 'it knows the controller as a type and asks over its socket; `controller serve` brings the rest with it, and `diagnose --files` the diagnosis of files alone',
  },
]

describe.each(rows)('$room: $why', (row) => {
  test('imports nothing else', () => {
    const broken = sourcesIn(row.room)
      .filter(({ path, isTest }) => !isTest && !row.except?.some((room) => within(path, room)))
      .flatMap((source) => forbidden(row, source))
    expect(broken).toEqual([])
  })

  test('names only what exists', () => {
    const words = [
      row.room,
      ...(row.except ?? []),
      ...[...(row.may ?? []), ...(row.never ?? [])].map((word) => meaning(row, word).path),
    ]
    expect(words.filter((path) => path.startsWith('packages/') && !existsSync(join(root, path)))).toEqual([])
  })
})

test('every package has a row', () => {
  const packages = new Set(productSources().map(({ path }) => path.split('/').slice(0, 3).join('/')))
  expect([...packages].filter((room) => !rows.some((row) => row.room === room))).toEqual([])
})

test('every room of the agent has a row', () => {
  const rooms = productSources().flatMap(({ path }) => /^packages\/agent\/src\/[^/]+(?=\/)/.exec(path)?.[0] ?? [])
  const named = new Set([...rows.map((row) => row.room), ...roomsThatShow])
  expect([...new Set(rooms)].filter((room) => !named.has(room))).toEqual([])
})

test.each([
  { text: "import { host } from '../host/linux-host.ts'", broken: true },
  { text: "import type { ReadHost } from '../host/host.ts'", broken: false },
  { text: "import { type ReadHost } from '../host/host.ts'", broken: true },
  { text: "import {\n  a,\n  b,\n} from 'node:fs'", broken: true },
  { text: "export * from 'node:fs'", broken: true },
  { text: "import 'node:fs'", broken: true },
  { text: "const fs = await import('node:fs')", broken: true },
  { text: "import { z } from './other.ts'", broken: false },
])('the table would notice: $text', ({ text, broken }) => {
  const row = { room: 'packages/agent/src/readings', may: ['shared', 'type host/host.ts'], why: '' }
  expect(forbidden(row, { path: 'packages/agent/src/readings/one.ts', text, isTest: false }).length > 0).toBe(broken)
})

/** Rooms that only turn values into text for people; nothing depends on them but commands. */
const roomsThatShow = ['packages/agent/src/views']

function forbidden(row: Row, source: Source): readonly string[] {
  const allowed = row.may?.map((word) => meaning(row, word))
  const banned = row.never?.map((word) => meaning(row, word)) ?? []
  return importsOf(source)
    .map((each) => ({ ...each, to: resolved(source, each.from) }))
    .filter(({ to }) => !within(to, row.room) || banned.some((word) => within(to, word.path)))
    .filter(({ to, typeOnly }) => {
      // Types leave no trace, so `never` is about what runs; `may` says itself where only types are meant.
      if (banned.some((word) => matches(to, word.path))) return !typeOnly
      return allowed !== undefined && !allowed.some((word) => matches(to, word.path) && (typeOnly || !word.typesOnly))
    })
    .map(({ to, typeOnly }) => `${source.path} imports ${typeOnly ? 'the type ' : ''}${to}`)
}

function meaning({ room }: Row, word: string): { readonly path: string; readonly typesOnly: boolean } {
  const typesOnly = word.startsWith('type ')
  const name = typesOnly ? word.slice('type '.length) : word
  if (name === 'shared') return { path: '@fleetmend/shared', typesOnly }
  const ownPackage = /^packages\/[^/]+\/src/.exec(room)?.[0] ?? ''
  const isRoom = name.endsWith('.ts') || (/^[a-z-]+$/.test(name) && existsSync(join(root, ownPackage, name)))
  return { path: isRoom ? join(ownPackage, name) : name, typesOnly }
}

function matches(to: string, path: string): boolean {
  return path === 'node:*' ? to.startsWith('node:') : within(to, path)
}

function within(to: string, path: string): boolean {
  // Its files one by one, too, where loading all of them would take too long; but not what does I/O.
  if (path === '@fleetmend/shared' && to.startsWith(`${path}/`)) return to !== '@fleetmend/shared/own-socket'
  return to === path || (path.startsWith('packages/') && to.startsWith(`${path}/`))
}
