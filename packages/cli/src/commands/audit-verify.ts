/** `fleetmend audit verify`: whether a record is whole, from a file and without asking anybody, or against the hosts now. */
import { readFile } from 'node:fs/promises'
import {
  exitCodes,
  exportVerifier,
  problem,
  problemKinds,
  readApprovers,
  safeLine,
  worstExit,
  type Approvers,
  type ExitCode,
  type Problem,
  type Verification,
} from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { fromController, fromFile, type AuditBytes } from '../audit/audit-bytes.ts'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type VerificationDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { verificationText } from '../views/audit-text.ts'
import { approversOption } from '../words/audit-options.ts'
import { jsonOption } from '../words/target.ts'

interface Options {
  readonly approvers?: string | undefined
  readonly json?: true | undefined
}

export function auditVerifyCommand(cli: Cli) {
  return new Command('verify')
    .description(
      'Checks every hash, every link and every signature. Exit 0: whole; 4: something was changed or is gone.',
    )
    .argument('[file]', 'What `audit export` wrote. With it nobody is asked.')
    .option('--live', 'The record of the controller, against what its hosts show now.')
    .option(...approversOption)
    .option(...jsonOption)
    .action(
      cli.action((file, { live, ...options }) => {
        if ((file === undefined) === (live === undefined))
          return Promise.resolve(reportProblem(cli.streams, problem('usage', 'Name a file, or say --live.'), options))
        if (file !== undefined) return verify(cli, fromFile(file), options)
        return withController(cli, (controller) => verify(cli, fromController(controller, { live: true }), options))
      }),
    )
}

async function verify({ streams }: Pick<Cli, 'streams'>, bytes: AuditBytes, options: Options): Promise<ExitCode> {
  const approvers = await approversIn(options.approvers)
  if (!approvers.ok) return reportProblem(streams, approvers.problem, options)
  const verifier = exportVerifier({ approvers: approvers.value })
  for (;;) {
    const next = await bytes.next()
    if (!next.done) verifier.add(next.value)
    else if (next.value) return reportProblem(streams, next.value, options)
    else break
  }
  const verification = verifier.end()
  const { proved, broken, cannotTell } = verification
  if (options.json)
    printJson(streams, {
      format: 'fleetmend.verification/1',
      proved: [...proved],
      broken: [...broken],
      cannotTell: [...cannotTell],
    } satisfies VerificationDocument)
  else streams.out(verificationText(verification, streams.paint))
  return exitOf(verification)
}

function exitOf({ broken }: Verification): ExitCode {
  return worstExit([exitCodes.done, ...broken.map(({ code }) => problemKinds[code].exit)])
}

async function approversIn(
  path: string | undefined,
): Promise<
  { readonly ok: true; readonly value: Approvers | null } | { readonly ok: false; readonly problem: Problem }
> {
  if (path === undefined) return { ok: true, value: null }
  try {
    return { ok: true, value: readApprovers(await readFile(path, 'utf8')) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return { ok: false, problem: problem('bad-input', unread(path, code)) }
  }
}

function unread(path: string, code: string): string {
  const why = code === 'ENOENT' ? 'there is no such file' : code
  return `${safeLine(path)} cannot be read: ${why}.\n\nWithout a list only the signatures themselves are checked:\n    fleetmend audit verify FILE`
}
