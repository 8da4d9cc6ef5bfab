/** `fleetmend hosts add`: a host that does not dial out becomes a member; the controller comes to its agent over SSH. */
import { Command } from '@commander-js/extra-typings'
import { exitCodes, HostId, problem, safeLine, type AddedHost, type ExitCode, type Problem } from '@fleetmend/shared'
import { whoAsks, type Cli } from '../cli.ts'
import type { Api, Controller } from '../connection/controller.ts'
import { withController } from '../connection/with-controller.ts'
import { consents } from '../consent.ts'
import { printJson, type AddedDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { sshHostLines } from '../views/ssh-host-lines.ts'
import { labels } from '../words/labels.ts'
import { hostKeys, sshJumps, sshPlace } from '../words/ssh-place.ts'
import { jsonOption } from '../words/target.ts'

export function hostsAddCommand(cli: Cli) {
  return new Command('add')
    .description(
      'Adds a host that cannot dial out: the controller comes to its agent over SSH, as an account that can do nothing else.',
    )
    .argument('<name>', 'Its name in the fleet, which its agent must call itself by.')
    .requiredOption(
      '--ssh <user@host:port>',
      'Where and as whom the controller logs in; left out, user is fleetmend, port 22.',
      sshPlace,
    )
    .option('--jump <user@host:port>', 'A host to go through; may be repeated, the nearest first.', sshJumps, [])
    .option('--label <key=value>', 'A label that the host gets; may be repeated.', labels, {})
    .option(
      '--host-key <fingerprint>',
      'That its key has, or that of a host to go through; may be repeated.',
      hostKeys,
      [],
    )
    .option('--accept-new', 'Takes the keys that are shown now, unseen.')
    .option('--lines', 'Only prints what has to be run on the host first.')
    .option(...jsonOption)
    .action(
      cli.action((name, options) =>
        withController(cli, async (controller) => {
          const host = HostId.safeParse(name)
          if (!host.success)
            return reportProblem(
              cli.streams,
              problem('bad-input', 'The name of a host is made of a-z, 0-9, `.` and `-`.'),
              options,
            )
          const { ssh, jump, label, hostKey, acceptNew, lines } = options
          const adding: Adding = {
            ...{ host: host.data, account: ssh.user, acceptNew: acceptNew === true, labels: label },
            way: { ...ssh, jumps: [...jump] },
            hostKeys: [...hostKey],
          }
          if (lines) return printLines(cli, controller, adding)
          return add(cli, controller, adding, options)
        }),
      ),
    )
}

interface Adding {
  readonly host: HostId
  readonly account: string
  readonly way: Parameters<Api['hosts']['add']['mutate']>[0]['way']
  readonly labels: Record<string, string>
  readonly hostKeys: string[]
  readonly acceptNew: boolean
}

type Options = { readonly json?: true | undefined }

/** Hosts on the way are asked one after the other, each through those before it. */
const addLimitMs = 180_000

async function add(cli: Cli, controller: Controller, adding: Adding, options: Options): Promise<ExitCode> {
  const { streams } = cli
  for (;;) {
    const { account: _, ...request } = adding
    const answer = await controller.ask((api) =>
      api.hosts.add.mutate({ ...request, by: whoAsks(cli) }, { context: { limitMs: addLimitMs } }),
    )
    if (!answer.ok) {
      if (mendedByLines.has(answer.problem.code)) await printLines(cli, controller, adding, (text) => streams.err(text))
      return reportProblem(streams, answer.problem, options)
    }
    const added = answer.value
    if (added.is === 'added') return report(cli, added, options)
    const shown = `${safeLine(added.place)} shows this key:\n    ${added.type} ${added.fingerprint}\n`
    const compare = `Compare it with what whoever runs it says, or on its console:\n    ssh-keygen -lf /etc/ssh/ssh_host_${fileOf(added.type)}_key.pub\n`
    if (options.json || !streams.canAsk)
      return reportProblem(streams, uncompared(`${shown}${compare}`, added.fingerprint), options)
    streams.err(`${shown}${compare}\n`)
    if (!(await consents(cli, 'Is it the same?', {}))) {
      streams.err('Nothing was added.\n')
      return exitCodes.refused
    }
    adding.hostKeys.push(added.fingerprint)
  }
}

/** What a host that was not prepared is refused with. */
const mendedByLines: ReadonlySet<string> = new Set([
  'ssh-refused',
  'ssh-not-bound',
  'host-not-enrolled',
  'agent-not-serving',
  'agent-socket-denied',
])

async function printLines(
  cli: Cli,
  controller: Controller,
  { host, account }: Adding,
  print?: (text: string) => void,
): Promise<ExitCode> {
  const access = await controller.ask((api) => api.hosts.sshAccess.query())
  if (!access.ok) return reportProblem(cli.streams, access.problem)
  const lines = sshHostLines({ host, account, ...access.value })
  if (!print) cli.streams.out(lines.map((line) => `${line}\n`).join(''))
  else
    print(
      `What ${host} needs, as root there, once its agent is installed:\n${lines.map((line) => `    ${line}\n`).join('')}\n`,
    )
  return exitCodes.done
}

function report({ streams }: Cli, added: Extract<AddedHost, { is: 'added' }>, { json }: Options): ExitCode {
  const { host, place, fingerprint, wrong } = added
  if (json) {
    printJson(streams, { format: 'fleetmend.added/1', host, place, fingerprint, wrong } satisfies AddedDocument)
    return exitCodes.done
  }
  const now = wrong === null ? 'It is connected.' : `It is not connected now: ${safeLine(wrong.detail)}`
  streams.out(`${host} is of this fleet, reached over SSH as ${place}, host key ${fingerprint}. ${now}\n`)
  streams.err(`To look at it:\n    fleetmend diagnose ${host}\n`)
  return exitCodes.done
}

function uncompared(says: string, fingerprint: string): Problem {
  return problem(
    'ssh-host-unknown',
    `Cannot add this host before somebody has compared its key. ${says}If it is the same, add to this command:\n    --host-key '${fingerprint}'`,
  )
}

/** `ssh-ed25519` is kept in ssh_host_ed25519_key.pub, and so on. */
function fileOf(type: string): string {
  return type.startsWith('ecdsa') ? 'ecdsa' : type.replace('ssh-', '')
}
