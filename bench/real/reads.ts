/** The same reads by all; and what a diagnosis takes beside the programs that it starts, and each tool for nothing at all. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectSocket } from '../../packages/cli/src/connection/connect-socket.ts'
import { controllerAt } from '../../packages/cli/src/connection/controller.ts'
import { median } from '../../test/lab/median.ts'
import { putRecorder, recorderBundle, recordLook } from '../../test/lab/recording/recorder.ts'
import type { Ran } from '../../test/lab/tool.ts'
import type { EightHosts } from './eight-hosts.ts'
import { clush, playbook } from './rivals.ts'
import { asOneScript, sameReads, type SameReads } from './same-reads.ts'
import { printTable, shown, spread, took, tookTyped, verdict, type Took } from './took.ts'

const rounds = 5
const goals = { ansible: 50, clush: 5 }

export async function measureReads(eight: EightHosts): Promise<void> {
  const reads = await recordedReads(eight)
  const ways = waysToRead(eight, reads)
  const seen = new Map<string, Took[]>()
  // Connections are made and caches filled before anything counts.
  for (const work of Object.values(ways)) await work()
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of Object.entries(ways)) seen.set(name, [...(seen.get(name) ?? []), await work()])

  process.stdout.write(`${reads.count} reads of each of ${eight.hosts.length} hosts, ${rounds} rounds in turns\n`)
  printTable([
    ['', 'wall p50 (least to most)', 'CPU p50'],
    ...[...seen].map(([name, all]) => [
      name,
      spread(all.map(({ wallMs }) => wallMs)),
      `${median(all.map(({ cpuMs }) => cpuMs))} ms`,
    ]),
  ])
  const wallOf = (name: keyof typeof ways) => median((seen.get(name) ?? []).map(({ wallMs }) => wallMs))
  const cpuOf = (name: keyof typeof ways) => median((seen.get(name) ?? []).map(({ cpuMs }) => cpuMs))
  for (const own of ['fleetmend diagnose', 'the same, asked on an open line'] as const) {
    const times = (other: keyof typeof ways) => wallOf(other) / wallOf(own)
    process.stdout.write(
      `${own}: ${verdict(times("Ansible's check, by kind of read"), goals.ansible)} than Ansible's check, ` +
        `${verdict(times('one clush command'), goals.clush)} than clush\n`,
    )
  }
  const perHost = (name: keyof typeof ways) => `${(cpuOf(name) / eight.hosts.length).toFixed(0)} ms`
  process.stdout.write(
    `Where the time of a diagnosis goes: ${perHost('the same, asked on an open line')} of CPU for each host, on so few ` +
      `processors for all; of it ${perHost('the four programs that a look starts')} are systemctl, ss, nginx -t and ` +
      `php-fpm -t, which is ${perHost('one of them: php-fpm -t')} of it. Whoever reads the same starts the same, clush as well.\n` +
      `What it would take: ${goals.clush} × than clush is ${shown(wallOf('one clush command') / goals.clush)}, and those programs ` +
      `alone take ${shown(wallOf('the four programs that a look starts'))}: they must not be started where nothing has changed ` +
      `that they read, php-fpm -t before all. ${goals.ansible} × than Ansible is ` +
      `${shown(wallOf("Ansible's check, by kind of read") / goals.ansible)}, of which to start a command and ask nothing ` +
      `takes ${shown(wallOf('nothing but: fleetmend hosts list'))}.\n`,
  )
}

async function recordedReads({ hosts: [host] }: EightHosts): Promise<SameReads> {
  if (host === undefined) throw new Error('There are no hosts.')
  await putRecorder(host, await recorderBundle())
  const { record } = await recordLook(host, { limitMs: 60_000 })
  return sameReads(record)
}

function waysToRead(eight: EightHosts, reads: SameReads) {
  const { hosts, fleet, folder } = eight
  const script = asOneScript(reads)
  const variables = join(folder, 'reads.json')
  writeFileSync(variables, JSON.stringify({ lines: reads.lines, script }))
  const forEach = (sign: RegExp) => (ran: Ran) => (ran.stdout.match(sign) ?? []).length === hosts.length
  const succeeds = ({ exitCode }: Ran) => exitCode === 0
  const fleetmend = (words: readonly string[], isRight: (ran: Ran) => boolean) => () =>
    tookTyped({ argv: fleet.commandLine(words) }, isRight)
  const check = (name: string, isRight: (ran: Ran) => boolean) => () =>
    tookTyped(playbook(eight, name, ['--check', '-e', `@${variables}`]), isRight)
  const { units = '', sockets = '', fpmTest = '', nginxTest = '' } = reads.lines
  const onHosts = (line: string) => () => took(() => Promise.all(hosts.map((host) => host.run(['sh', '-c', line]))))
  const programs = [units, sockets, fpmTest, nginxTest].join('; ')
  return {
    'fleetmend diagnose': fleetmend(['diagnose', '-l', 'role=web', '--json'], forEach(/"outcome":\s*"diagnosed"/g)),
    'the same, asked on an open line': () => took(() => askAll(eight)),
    'one clush command': () => tookTyped(clush(eight, script), forEach(/: Id=nginx\.service$/gm)),
    "Ansible's check, by kind of read": check('read.yaml', forEach(/: ok=14 .* failed=0 /g)),
    "Ansible's check, in one task": check('read-at-once.yaml', forEach(/: ok=1 .* failed=0 /g)),
    'the four programs that a look starts': onHosts(programs),
    'one of them: php-fpm -t': onHosts(fpmTest),
    'nothing but: fleetmend hosts list': fleetmend(['hosts', 'list'], forEach(/ connected /g)),
    'nothing but: clush true': () => tookTyped(clush(eight, 'true'), succeeds),
    'nothing but: a playbook with true': () =>
      tookTyped(playbook(eight, 'read-at-once.yaml', ['-e', 'script=true']), succeeds),
  }
}

/** As a console or a program does it that stays connected. */
async function askAll({ fleet, hosts }: EightHosts): Promise<void> {
  const controller = controllerAt(() => connectSocket(fleet.socket))
  const answers = controller.stream((api) => api.diagnose.subscribe({ target: { selector: 'role=web' } }))
  let diagnosed = 0
  for await (const { outcome } of answers) if (outcome === 'diagnosed') diagnosed++
  controller.close()
  if (diagnosed !== hosts.length) throw new Error(`${diagnosed} of ${hosts.length} hosts were diagnosed.`)
}
