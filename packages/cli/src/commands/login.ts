/** `fleetmend login`: makes sure that it is the right controller, tries the token, and only then keeps both. */
import { exitCodes, isApiToken, problem, safeLine, type ExitCode, type Problem } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { connectNetwork, notReached } from '../connection/connect-network.ts'
import { controllerAt, type Answer } from '../connection/controller.ts'
import { byFingerprint } from '../connection/open-way.ts'
import { fingerprintOf, knownAuthorities, lookAtServer, type Trusted } from '../connection/server-trust.ts'
import { readSignIns, signInOf, signInPath, withSignIn, writeSignIns } from '../connection/sign-in-file.ts'
import { controllerUrl } from '../connection/way.ts'
import { consents } from '../consent.ts'
import { reportProblem } from '../report-problem.ts'
import { whoamiText } from './whoami.ts'

export function loginCommand(cli: Cli) {
  return new Command('login')
    .description('Signs in to a controller over the network. Asks for the token, or reads it from its input.')
    .argument('[url]', 'wss://controller.example:8443; left out: the one of the last time.')
    .option('--fingerprint <digest>', 'By which the controller is known, as `tokens create` tells it: sha256:…')
    .action(
      cli.action(async (text, { fingerprint }) => {
        const url = urlMeant(cli, text)
        return typeof url === 'string' ? login(cli, url, fingerprint) : reportProblem(cli.streams, url)
      }),
    )
}

function urlMeant(cli: Cli, text: string | undefined): string | Problem {
  if (text === undefined) {
    const way = cli.way()
    if (!way.ok) return way.problem
    if (way.value.by === 'network') return way.value.url
  }
  const says = 'It takes the address of a controller:\n    fleetmend login wss://controller.example:8443'
  return controllerUrl(text ?? '') ?? problem('usage', says)
}

async function login(cli: Cli, url: string, fingerprint: string | undefined): Promise<ExitCode> {
  const { streams, environment } = cli
  const path = signInPath(environment)
  const signIns = readSignIns(path)
  if (!signIns.ok) return reportProblem(streams, signIns.problem)
  const known = await whoIsThere(cli, url, fingerprint, signInOf(signIns.value, url)?.authority ?? null)
  if (!known.ok) return reportProblem(streams, known.problem)
  const { authority } = known.value
  const token = (await streams.askSecret(`Token for ${url}: `))?.trim() ?? ''
  if (!isApiToken(token)) return reportProblem(streams, noToken)
  const trusted = authority === null ? knownAuthorities() : [authority]
  const controller = controllerAt(() => connectNetwork({ url, token, trusted }))
  const asked = await controller.ask((api) => api.whoami.query())
  controller.close()
  if (!asked.ok) return reportProblem(streams, asked.problem)
  // Read again: another login may have ended meanwhile.
  const now = readSignIns(path)
  if (!now.ok) return reportProblem(streams, now.problem)
  writeSignIns(path, withSignIn(now.value, url, { token, authority }))
  streams.out(`Signed in to ${url}. ${whoamiText(asked.value)}\n`)
  return exitCodes.done
}

/** Before the token is asked for, so that it is never typed for somebody else. PEM, or null for one known anyway. */
async function whoIsThere(
  cli: Cli,
  url: string,
  fingerprint: string | undefined,
  stored: string | null,
): Promise<Answer<{ readonly authority: string | null }>> {
  if (fingerprint !== undefined) {
    const found = await byFingerprint(url, fingerprint)
    return found.ok ? kept(found.trusted) : refuse(found.problem)
  }
  const looked = await lookAtServer(url)
  if (!looked.ok) return refuse(notReached(url, looked.code, looked.says).problem)
  const { chain, unknownBecause } = looked.value
  if (unknownBecause === null) return { ok: true, value: { authority: null } }
  const last = chain.at(-1)
  if (last === undefined) return refuse(notReached(url, '', 'it shows no certificate').problem)
  // Known from the last time; whether the rest of the chain follows from it is seen when it is dialled.
  if (stored?.includes(last.toString())) return kept([stored])
  const question = `This computer does not know the controller at ${safeLine(url)} yet. It shows the fingerprint\n    ${fingerprintOf(last)}\n`
  if (!cli.streams.canAsk)
    return refuse(
      problem('not-the-controller', `${question}Compare it with what its admin has, and give it with --fingerprint.`),
    )
  cli.streams.err(question)
  return (await consents(cli, 'Is it the one that its admin gave you?', {}))
    ? kept([last.toString()])
    : refuse(problem('not-the-controller', 'Nothing was sent to it, and nothing was kept.'))
}

function kept(trusted: Trusted): Answer<{ readonly authority: string | null }> {
  return { ok: true, value: { authority: trusted[0] ?? null } }
}

const noToken = problem(
  'not-signed-in',
  'That is not a whole token, so it was not sent. A token begins with fmt_ and has 53 characters. Copy all of it, or have another one made on the controller:\n    fleetmend tokens create --help',
)

function refuse(why: Problem): Answer<never> {
  return { ok: false, problem: why, lost: null }
}
