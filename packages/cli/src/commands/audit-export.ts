/** `fleetmend audit export`: the record as a file that proves itself, or one signature out of it for stock `ssh-keygen`. */
import { writeFile } from 'node:fs/promises'
import { exitCodes, problem, shellWord, signaturesOfRun, type ExitCode, type SignatureOfRun } from '@fleetmend/shared'
import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { fromController, fromFile, type AuditBytes, type ExportScope } from '../audit/audit-bytes.ts'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { reportProblem } from '../report-problem.ts'
import { auditRunOption, sinceOption } from '../words/audit-options.ts'

export function auditExportCommand(cli: Cli) {
  return new Command('export')
    .description('Everything on record, as one file on stdout that `audit verify` checks without asking anybody.')
    .option(...auditRunOption)
    .option(...sinceOption)
    .option(
      '--approval <number>',
      'Of the run: what was signed and the signature, as files for `ssh-keygen -Y verify`.',
      which,
    )
    .option('--from <file>', 'Out of this export instead of the controller; with --approval.')
    .action(
      cli.action(async ({ run, since, approval, from }) => {
        if (approval !== undefined) {
          if (run === undefined) return reportProblem(cli.streams, problem('usage', 'Say of which run, with --run.'))
          if (from !== undefined) return extract(cli, fromFile(from), run, approval)
          return withController(cli, (controller) => extract(cli, fromController(controller, { run }), run, approval))
        }
        if (from !== undefined)
          return reportProblem(
            cli.streams,
            problem('usage', '--from goes with --approval: an export is a copy already.'),
          )
        const scope: ExportScope = { ...(run === undefined ? {} : { run }), ...(since === undefined ? {} : { since }) }
        return withController(cli, (controller) => print(cli, fromController(controller, scope)))
      }),
    )
}

async function print({ streams }: Pick<Cli, 'streams'>, bytes: AuditBytes): Promise<ExitCode> {
  for (;;) {
    const next = await bytes.next()
    if (!next.done) streams.out(Buffer.from(next.value).toString('utf8'))
    else if (next.value) return reportProblem(streams, next.value)
    else break
  }
  streams.err('To check it, anywhere:\n    fleetmend audit verify FILE --approvers /etc/fleetmend/approvers\n')
  return exitCodes.done
}

async function extract(cli: Pick<Cli, 'streams'>, bytes: AuditBytes, run: string, number: number): Promise<ExitCode> {
  const { streams } = cli
  const pieces: Uint8Array[] = []
  for (;;) {
    const next = await bytes.next()
    if (!next.done) pieces.push(next.value)
    else if (next.value) return reportProblem(streams, next.value)
    else break
  }
  const signatures = signaturesOfRun(Buffer.concat(pieces).toString('utf8').split('\n'), run)
  const found = signatures[number - 1]
  if (!found) {
    const there = signatures.length === 0 ? 'Nobody has signed it.' : `It has ${signatures.length}, counted from 1.`
    return reportProblem(
      streams,
      problem('bad-input', `There is no signature ${number} of ${run} in this record. ${there}`),
    )
  }
  return write(cli, found, `${run}-${number}`)
}

async function write({ streams }: Pick<Cli, 'streams'>, found: SignatureOfRun, name: string): Promise<ExitCode> {
  const { namespace, principal, message, signature, line } = found
  try {
    await writeFile(name, message, { flag: 'wx' })
    await writeFile(`${name}.sig`, signature, { flag: 'wx' })
    if (line !== null) await writeFile(`${name}.approver`, line, { flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const why = code === 'EEXIST' ? 'there is such a file already' : code
    return reportProblem(streams, problem('bad-input', `Cannot write ${name} here: ${why}.`))
  }
  streams.out([name, `${name}.sig`, ...(line === null ? [] : [`${name}.approver`])].map((each) => `${each}\n`).join(''))
  const who = principal === null ? 'NAME' : shellWord(principal)
  streams.err(
    `${line === null ? '' : `By which name and key it was counted stands in ${name}.approver; whether they belong together, the list of a host says.\n`}To check it without this program, against that list:\n    ssh-keygen -Y verify -n ${namespace} -f /etc/fleetmend/approvers -I ${who} -s ${name}.sig < ${name}\n`,
  )
  return exitCodes.done
}

function which(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It takes a number, counted from 1.')
}
