/** `fleetmend tokens create`: lets a person or a robot in, and says how they sign in. */
import { exitCodes, personRoles, Powers, PrincipalName, problem, shellWord } from '@fleetmend/shared'
import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import type { Api } from '../connection/controller.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type TokenDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { roleText } from '../views/token-list-text.ts'
import { life } from '../words/life.ts'
import { jsonOption } from '../words/target.ts'

const dayMs = 24 * 60 * 60_000
const defaultLifeMs = 90 * dayMs

type Created = Awaited<ReturnType<Api['tokens']['create']['mutate']>>

export function tokensCreateCommand(cli: Cli) {
  return new Command('create')
    .description('A token for a person or a robot. It is shown this once; what they do is recorded under their name.')
    .requiredOption('--name <name>', 'Whose it is: ana, ci.')
    .requiredOption(
      '--role <roles>',
      `What they may do: ${personRoles.join(', ')}, or several with commas.`,
      rolesNamed,
    )
    .option('--expires <life>', 'How long it is good: 12h, 30d, 2w. (default: 90d)', life)
    .option('--never-expires', 'It is good until it is revoked.')
    .option('-l, --selector <labels>', 'For them, only hosts with these labels exist: role=web,env!=staging')
    .option('--read-only', 'It may look wherever the role may, and do nothing.')
    .option(...jsonOption)
    .action(
      cli.action((options) =>
        withController(cli, async (controller) => {
          const { role: roles, expires, neverExpires, selector = null, readOnly = false, json } = options
          const name = PrincipalName.safeParse(options.name)
          if (!name.success) return reportProblem(cli.streams, noName(options.name), options)
          if (expires !== undefined && neverExpires)
            return reportProblem(cli.streams, problem('usage', 'Either --expires or --never-expires.'), options)
          const lifeMs = neverExpires ? null : (expires ?? defaultLifeMs)
          const made = await controller.ask((api) =>
            api.tokens.create.mutate({ name: name.data, roles, selector, readOnly, lifeMs }),
          )
          if (!made.ok) return reportProblem(cli.streams, made.problem, options)
          if (json) printJson(cli.streams, { format: 'fleetmend.token/1', ...made.value } satisfies TokenDocument)
          else {
            cli.streams.out(`${made.value.secret}\n`)
            cli.streams.err(howToUse(made.value))
          }
          return exitCodes.done
        }),
      ),
    )
}

function howToUse({ token, url, fingerprint }: Created): string {
  const { id, name, selector, expiresAt } = token
  const hosts = selector === null ? 'the whole fleet' : `hosts with ${selector}`
  const until = expiresAt === null ? 'until it is revoked' : `until ${expiresAt}`
  const what = `It is ${name}'s (${roleText(token)}; ${hosts}), good ${until}, and shown this once. To take it back:\n    fleetmend tokens revoke ${id}\n`
  if (url === null)
    return `${what}\nThis controller listens for nobody over the network yet. Start it with an address for people:\n    fleetmend controller serve --api-listen 0.0.0.0:8443 …\n`
  const known = fingerprint === null ? '' : ` --fingerprint ${fingerprint}`
  return `${what}\nOn ${name}'s computer, which then asks for it:\n    fleetmend login ${shellWord(url)}${known}\n`
}

function rolesNamed(text: string): Powers['roles'] {
  const roles = Powers.shape.roles.safeParse(text.split(','))
  if (roles.success) return roles.data
  throw new InvalidArgumentError(`It takes ${personRoles.join(', ')}, or several of them with commas.`)
}

function noName(name: string) {
  const says = `${JSON.stringify(name.slice(0, 80))} cannot be a name. It takes up to 64 letters, digits, \`.\`, \`_\`, \`@\`, \`+\`, \`-\`, beginning with a letter or digit.`
  return problem('usage', says)
}
