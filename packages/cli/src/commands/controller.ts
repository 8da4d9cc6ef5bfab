/** `fleetmend controller serve`: the controller itself. Loads its rooms only then, so that other commands start at once. */
import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { exitCodes } from '@fleetmend/shared'
import { defaultSocketPath, type Cli } from '../cli.ts'
import { reportProblem } from '../report-problem.ts'

export function controllerCommand(cli: Cli) {
  return new Command('controller').description('The controller: serve.').addCommand(serveCommand(cli))
}

function serveCommand(cli: Cli) {
  return new Command('serve')
    .description(
      `Serves agents over TLS, and people on a unix socket of the user that runs it (--socket, ${defaultSocketPath}).`,
    )
    .option('--data <folder>', 'Its store and keys; made at the first start.', '/var/lib/fleetmend-controller')
    .option('--listen <address:port>', 'Where agents dial in.', address, { host: '0.0.0.0', port: 7443 })
    .option('--public-url <url>', 'What join tokens tell agents to dial, e.g. wss://controller.example:7443', publicUrl)
    .option('--name <name>', 'Another name or address agents may know it by; may be repeated.', collect, [])
    .option('--approvers <file>', 'Who may approve, a name and a public key a line.', '/etc/fleetmend/approvers')
    .action(
      cli.action(async ({ data, listen, publicUrl: url, name, approvers }) => {
        const { streams, interruption } = cli
        const told = Promise.withResolvers<null>()
        interruption.end = () => told.resolve(null)
        const { serveController } = await import('@fleetmend/controller')
        const served = await serveController({
          dataFolder: data,
          socketPath: cli.socketPath(),
          listenHost: listen.host,
          listenPort: listen.port,
          ...(url === undefined ? {} : { publicUrl: url }),
          names: name,
          approversPath: approvers,
          log: (line) => streams.err(`${line}\n`),
        })
        if (!served.ok) return reportProblem(streams, served.problem)
        const failure = await Promise.race([told.promise, served.value.failed])
        // Told a second time, or with a store that fails, it ends at once: everything it needs is on disk.
        interruption.end = null
        if (failure) return reportProblem(streams, failure)
        await served.value.close()
        return exitCodes.done
      }),
    )
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
  const url = URL.parse(text)
  if (
    url?.protocol !== 'wss:' ||
    url.hostname === '' ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.username !== ''
  )
    throw new InvalidArgumentError('It takes wss://, a name or address, and a port: wss://controller.example:7443')
  return `${url.protocol}//${url.host}`
}

function collect(text: string, known: readonly string[]): readonly string[] {
  return [...known, text]
}
