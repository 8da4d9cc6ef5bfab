/** `fleetmend controller serve`: the controller itself. Loads its rooms only then, so that other commands start at once. */
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import type { ControllerOptions } from '@fleetmend/controller'
import { exitCodes, problem, type Problem } from '@fleetmend/shared'
import { defaultSocketPath, type Cli } from '../cli.ts'
import { controllerUrl } from '../connection/way.ts'
import { reportProblem } from '../report-problem.ts'
import { authoritiesIn } from '../words/authority-files.ts'
import { count } from '../words/numbers.ts'
import { backupCommand } from './controller-backup.ts'
import { moveStoreCommand } from './controller-move-store.ts'
import { renewCaCommand } from './controller-renew-ca.ts'

const dayMs = 24 * 60 * 60_000

export function controllerCommand(cli: Cli) {
  return new Command('controller')
    .description('The controller: serve, backup, move-store, renew-ca.')
    .addCommand(serveCommand(cli))
    .addCommand(backupCommand(cli))
    .addCommand(moveStoreCommand(cli))
    .addCommand(renewCaCommand(cli))
}

function serveCommand(cli: Cli) {
  return new Command('serve')
    .description(
      `Serves agents over TLS, and people on a unix socket of the user that runs it (--socket, ${defaultSocketPath}), who may do everything there; over the network with --api-listen, by their tokens.`,
    )
    .option('--data <folder>', 'Its keys, and its store; made at the first start.', '/var/lib/fleetmend-controller')
    .option(
      '--database <url>',
      'Keep the store in PostgreSQL instead, e.g. postgres://fleetmend@db.example/fleetmend (FLEETMEND_DATABASE).',
    )
    .option('--database-file <file>', 'A file with that URL, which nobody else can read: for one with a password.')
    .option('--listen <address:port>', 'Where agents dial in.', address, { host: '0.0.0.0', port: 7443 })
    .option('--public-url <url>', 'What join tokens tell agents to dial, e.g. wss://controller.example:7443', publicUrl)
    .option('--name <name>', 'Another name or address it may be known by; may be repeated.', collect, [])
    .option(
      '--api-listen <address:port>',
      'Where people and automation come in with tokens, e.g. 0.0.0.0:8443',
      address,
    )
    .option('--api-url <url>', 'What people are told to sign in to, e.g. wss://controller.example:8443', publicUrl)
    .option('--api-cert <file>', 'The certificate to show people, with its chain; left out: one of the fleet’s own.')
    .option('--api-key <file>', 'Its private key.')
    .option('--ca-cert <file>', 'The certificate of an authority that exists already, instead of one of its own.')
    .option('--ca-key <file>', 'The key of it, which nobody else can read.')
    .option('--next-ca-cert <file>', 'An authority that is to follow: both are trusted, and hosts hear of it.')
    .option('--next-ca-key <file>', 'The key of that one.')
    .option('--ssh-key <file>', 'A private key to log in to hosts with that do not dial out; left out: one of its own.')
    .addOption(
      new Option(
        '--ssh-driver <driver>',
        'By which it goes to such hosts: ssh2, or the ssh program of this computer (system), which knows certificates and newer key exchanges.',
      ).choices(['ssh2', 'system'] as const),
    )
    .option('--renewal-grace <days>', 'How long after its end a certificate of a host is renewed.', count(0, 365), 14)
    .option(
      '--keep-days <days>',
      'How long after the end of a run its plans and reports lie at hand; its events stay.',
      count(1, 3650),
      90,
    )
    .option('--policy <file>', 'Rules of the whole fleet: limits, windows, freezes.', '/etc/fleetmend/fleet-policy')
    .option('--approvers <file>', 'Who may approve, a name and a public key a line.', '/etc/fleetmend/approvers')
    .action(
      cli.action(
        async ({
          data,
          listen,
          publicUrl: url,
          name,
          approvers,
          policy,
          renewalGrace,
          sshKey,
          sshDriver,
          keepDays,
          ...given
        }) => {
          const { streams, interruption } = cli
          const api = apiListen(given)
          if (!api.ok) return reportProblem(streams, api.problem)
          const authorities = authoritiesIn(given)
          if (!authorities.ok) return reportProblem(streams, authorities.problem)
          const told = Promise.withResolvers<null>()
          interruption.end = () => told.resolve(null)
          const { databaseUrlOf, serveController } = await import('@fleetmend/controller')
          const { database: onCommandLine, databaseFile: file } = given
          const found = await databaseUrlOf({ onCommandLine, file, environment: cli.environment })
          if (!found.ok) return reportProblem(streams, problem('usage', found.says))
          const served = await serveController({
            dataFolder: data,
            databaseUrl: found.url,
            socketPath: cli.socketPath(),
            listenHost: listen.host,
            listenPort: listen.port,
            ...(url === undefined ? {} : { publicUrl: url }),
            names: name,
            approversPath: approvers,
            policyPath: policy,
            authorities: authorities.value,
            renewalGraceMs: renewalGrace * dayMs,
            keepMs: keepDays * dayMs,
            sshKeyFile: sshKey,
            sshDriver,
            ...(api.value ? { api: api.value } : {}),
            log: (line) => streams.err(`${line}\n`),
          })
          if (!served.ok) return reportProblem(streams, served.problem)
          const failure = await Promise.race([told.promise, served.value.failed])
          // Told a second time, or with a store that fails, it ends at once: everything it needs is on disk.
          interruption.end = null
          if (failure) {
            interruption.waitsForNothing = true
            return reportProblem(streams, failure)
          }
          await served.value.close()
          return exitCodes.done
        },
      ),
    )
}

interface PeopleOptions {
  readonly apiListen?: { readonly host: string; readonly port: number } | undefined
  readonly apiUrl?: string | undefined
  readonly apiCert?: string | undefined
  readonly apiKey?: string | undefined
}

type ApiOptions =
  | { readonly ok: true; readonly value: ControllerOptions['api'] }
  | { readonly ok: false; readonly problem: Problem }

function apiListen({ apiListen: listen, apiUrl, apiCert, apiKey }: PeopleOptions): ApiOptions {
  if ((apiCert === undefined) !== (apiKey === undefined))
    return { ok: false, problem: problem('usage', '--api-cert and --api-key belong together.') }
  if (listen === undefined) {
    const isMissing = (apiUrl ?? apiCert) !== undefined
    return isMissing
      ? {
          ok: false,
          problem: problem('usage', '--api-url and --api-cert say something about --api-listen, which is missing.'),
        }
      : { ok: true, value: undefined }
  }
  const url = apiUrl === undefined ? {} : { publicUrl: apiUrl }
  const files = apiCert === undefined || apiKey === undefined ? {} : { files: { certificate: apiCert, key: apiKey } }
  return { ok: true, value: { ...listen, ...url, ...files } }
}

function address(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535)
    throw new InvalidArgumentError('It takes an address and a port, e.g. 0.0.0.0:7443 or [::]:7443.')
  return { host, port }
}

function publicUrl(text: string): string {
  const url = controllerUrl(text)
  if (url === null)
    throw new InvalidArgumentError('It takes wss://, a name or address, and a port: wss://controller.example:7443')
  return url
}

function collect(text: string, known: readonly string[]): readonly string[] {
  return [...known, text]
}
