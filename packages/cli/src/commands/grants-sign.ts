/** `fleetmend grants sign`: draws up a grant and signs it, or adds a signature to one that somebody else has signed. */
import { writeFile } from 'node:fs/promises'
import { Command } from '@commander-js/extra-typings'
import {
  exitCodes,
  GRANT_NAMESPACE,
  grantBytes,
  problem,
  safeLine,
  shellWord,
  type ExitCode,
  type SignedGrant,
} from '@fleetmend/shared'
import { chooseKey } from '../approval/choose-key.ts'
import { drawUpGrant, type GrantWords } from '../approval/draw-up-grant.ts'
import { readGrantFile } from '../approval/grant-file.ts'
import { sign, signerWords } from '../approval/sign.ts'
import type { Cli } from '../cli.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { withController } from '../connection/with-controller.ts'
import { consentProblem, consents } from '../consent.ts'
import { printJson } from '../documents.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { grantText } from '../views/grant-text.ts'
import { count } from '../words/numbers.ts'
import { jsonOption, keyOption, yesOption } from '../words/target.ts'

export function grantsSignCommand(cli: Cli) {
  return new Command('sign')
    .description('Draws up a grant and signs it; with --add, adds your signature to one.')
    .argument('<file>', 'Where the signed grant is written.')
    .option('--add', 'Adds a signature to the grant in that file, as it is.')
    .option('--do <remediation>', 'What may be done; may be repeated.', oneMore, [])
    .option('--input <name=value>', 'A value that an input may have; may be repeated.', oneMore)
    .option('--between <name=5..40>', 'Bounds of a number; may be repeated.', oneMore)
    .option('--any <name>', 'An input that may be anything; may be repeated.', oneMore)
    .option('--host <host>', 'Where; may be repeated.', oneMore)
    .option('--all-hosts', 'On every host of the fleet of this controller.')
    .option('--per-hour <times>', 'How often in an hour, on each host.', count(1, 60), 1)
    .option('--watch <seconds>', 'How long a host is watched afterwards, at least.', count(0, 3600), 60)
    .option('--days <days>', 'How long it holds.', count(1, 366), 30)
    .option('--reason <text>', 'What it is for; signed.')
    .option(...keyOption)
    .option(...yesOption)
    .option(...jsonOption)
    .action(
      cli.action((file, options) => {
        const nobody = consentProblem(cli, options, '--yes')
        if (nobody) return Promise.resolve(reportProblem(cli.streams, nobody, options))
        return withController(cli, (controller) => signGrant(cli, controller, file, options))
      }),
    )
}

function oneMore(text: string, known: readonly string[] = []): readonly string[] {
  return [...known, text]
}

interface SignOptions extends Omit<GrantWords, 'reason'>, Answering {
  readonly add?: true | undefined
  readonly allHosts?: true | undefined
  readonly reason?: string | undefined
  readonly key?: string | undefined
  readonly yes?: true | undefined
}

async function signGrant(cli: Cli, controller: Controller, file: string, options: SignOptions): Promise<ExitCode> {
  const { streams, environment } = cli
  const before = options.add ? await readForMore(file) : await drawUp(cli, controller, options)
  if (!before.ok) return reportProblem(streams, before.problem, options)
  const { grant, signatures } = before.value
  const signable = { message: grantBytes(grant), namespace: GRANT_NAMESPACE }
  const listed = await controller.ask((api) => api.approvers.query())
  const approvers = listed.ok ? listed.value : []
  const wanted = { named: options.key, approvers, namespace: GRANT_NAMESPACE, environment }
  const chosen = await chooseKey(wanted)
  if (!chosen.ok) return reportProblem(streams, chosen.problem, options)
  streams.err(`\n${grantText(grant, streams.errPaint)}\nWhoever has this file may do that, as often as it says.\n`)
  if (!(await consents(cli, `Sign it with ${signerWords(chosen.signer)}?`, options)))
    return reportProblem(streams, problem('not-approved', 'Nothing was signed.'), options)
  const signed = await sign(signable, chosen.signer, (text) => streams.err(text))
  if (!signed.ok) return reportProblem(streams, signed.problem, options)
  const after: SignedGrant = { ...before.value, signatures: [...signatures, signed.signature] }
  try {
    await writeFile(file, `${JSON.stringify(after, null, 2)}\n`, { mode: 0o600, flag: options.add ? 'w' : 'wx' })
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'there is such a file already' : String(error)
    return reportProblem(streams, problem('bad-input', `${safeLine(file)} cannot be written: ${why}.`), options)
  }
  if (options.json) printJson(streams, after)
  else
    streams.out(
      `${grant.id} is signed by ${after.signatures.length === 1 ? 'one key' : `${after.signatures.length} keys`}: ${safeLine(file)}\n`,
    )
  streams.err(
    `\nTo use it:\n    fleetmend fix --grant ${shellWord(file)}\nTo have somebody else sign it too:\n    fleetmend grants sign --add ${shellWord(file)}\n`,
  )
  return exitCodes.done
}

async function readForMore(file: string): Promise<Answer<SignedGrant>> {
  const read = await readGrantFile(file)
  return read.ok ? read : { ...read, lost: null }
}

async function drawUp(cli: Cli, controller: Controller, options: SignOptions): Promise<Answer<SignedGrant>> {
  const { allHosts, host = [], reason, do: what } = options
  const refuse = (says: string): Answer<never> => ({ ok: false, problem: problem('usage', says), lost: null })
  if (what.length === 0) return refuse('Say what may be done, with --do; may be repeated.')
  if (reason === undefined) return refuse('Say what it is for, with --reason.')
  if (allHosts ? host.length > 0 : host.length === 0) return refuse('Say where: either --host or --all-hosts.')
  const hello = allHosts ? await controller.ask((api) => api.hello.query()) : null
  if (hello && !hello.ok) return hello
  const catalogue = await controller.ask((api) => api.catalogue.query())
  if (!catalogue.ok) return catalogue
  const drawn = drawUpGrant({ ...options, reason }, catalogue.value, hello?.ok ? hello.value.fleet : null, cli.nowMs())
  if (!drawn.ok) return { ...drawn, lost: null }
  const { grant } = drawn
  const none: SignedGrant = {
    kind: 'grant',
    format: 'fleetmend.signed-grant/1',
    scheme: 'sshsig',
    grant,
    signatures: [],
  }
  return { ok: true, value: none }
}
