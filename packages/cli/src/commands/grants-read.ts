/** `fleetmend grants show|verify FILE`: what a grant lets be done, and whose signatures under it count. Needs no controller. */
import { readFile } from 'node:fs/promises'
import { Command } from '@commander-js/extra-typings'
import {
  exitCodes,
  GRANT_NAMESPACE,
  grantBytes,
  problem,
  readApprovers,
  readVotes,
  safeLine,
  type Approvers,
  type Grant,
  type Paint,
  type Problem,
  type Votes,
} from '@fleetmend/shared'
import { readGrantFile } from '../approval/grant-file.ts'
import type { Cli } from '../cli.ts'
import { printJson } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { grantText } from '../views/grant-text.ts'
import { jsonOption } from '../words/target.ts'

const fileArgument = ['<file>', 'A signed grant.'] as const

export function grantsShowCommand(cli: Cli) {
  return new Command('show')
    .description('What a grant lets be done, where, how often and until when.')
    .argument(...fileArgument)
    .option('--signed-bytes', 'Exactly what is signed, for `ssh-keygen -Y verify`.')
    .option(...jsonOption)
    .action(
      cli.action(async (file, options) => {
        const read = await readGrantFile(file)
        if (!read.ok) return reportProblem(cli.streams, read.problem, options)
        const { grant } = read.value
        if (options.signedBytes) cli.streams.out(grantBytes(grant).toString('utf8'))
        else if (options.json) printJson(cli.streams, read.value)
        else cli.streams.out(grantText(grant, cli.streams.paint))
        return exitCodes.done
      }),
    )
}

export function grantsVerifyCommand(cli: Cli) {
  return new Command('verify')
    .description('Whose signatures under a grant count, by a list of approvers such as that of a host.')
    .argument(...fileArgument)
    .option('--approvers <file>', 'The list, in the format of allowed signers.', '/etc/fleetmend/approvers')
    .option(...jsonOption)
    .action(
      cli.action(async (file, options) => {
        const { streams } = cli
        const read = await readGrantFile(file)
        if (!read.ok) return reportProblem(streams, read.problem, options)
        const list = await readList(options.approvers)
        if (typeof list === 'string') return reportProblem(streams, problem('approvers-unusable', list), options)
        const { grant, signatures } = read.value
        const signable = { message: grantBytes(grant), namespace: GRANT_NAMESPACE }
        const votes = readVotes(signatures, signable, list, cli.nowMs())
        const wrong = whyNotGood(grant, votes, cli.nowMs())
        if (options.json)
          printJson(streams, { format: 'fleetmend.grant-verification/1', grant, ...votes, problem: wrong })
        else streams.out(`${grantText(grant, streams.paint)}${votesText(votes, streams.paint)}`)
        return wrong === null ? exitCodes.done : reportProblem(streams, wrong)
      }),
    )
}

function votesText({ counted, notCounted }: Votes, paint: Paint): string {
  const good = counted.map(
    ({ principal, fingerprint }) => `  ${paint.green('✓')} signed by ${safeLine(principal)} with ${fingerprint}\n`,
  )
  const bad = notCounted.map(
    ({ number, says }) => `  ${paint.red('✗')} signature ${number} does not count: ${safeLine(says)}\n`,
  )
  return [...good, ...bad].join('')
}

function whyNotGood({ notBefore, notAfter }: Grant, { notCounted }: Votes, nowMs: number): Problem | null {
  const now = new Date(nowMs).toISOString()
  const holds = `It holds from ${notBefore} until ${notAfter}.`
  if (now >= notAfter) return problem('grant-expired', holds)
  if (now < notBefore) return problem('grant-not-yet', holds)
  const [first] = notCounted
  return first ? problem(first.code, 'Not every signature under it counts by this list.') : null
}

async function readList(path: string): Promise<Approvers | string> {
  try {
    return readApprovers(await readFile(path, 'utf8'))
  } catch (error) {
    return `${safeLine(path)} cannot be read: ${error instanceof Error ? safeLine(error.message) : 'unknown'}.`
  }
}
