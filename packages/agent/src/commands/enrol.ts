/** `fleetmend-agent enrol TOKEN`: makes this host part of a fleet. `--over-ssh FLEET`: of one whose controller comes to it. */
import { decodeJoinToken, exitCodes, HostId, problem, type Problem } from '@fleetmend/shared'
import { recordEnrolled } from '../audit/on-record.ts'
import { hostIdFrom } from '../state/host-id.ts'
import { dialsOut, reachedIdentity, readMembership, writeIdentity, type Membership } from '../state/identity.ts'
import { agentVersion } from '../version.ts'
import { jsonOption, printJson, type Command, type CommandContext } from './define.ts'
import { reportProblem } from './report-problem.ts'

/** A token has some two hundred characters. */
const limitCharacters = 4096

export const enrolCommand: Command = {
  name: 'enrol',
  summary: 'Make this host part of a fleet, with a join token from `fleetmend hosts invite`.',
  usage:
    'enrol TOKEN | enrol -   (a line on standard input) | enrol --over-ssh FLEET   [--host NAME] [--again] [--json]',
  options: {
    host: { type: 'string' },
    'over-ssh': { type: 'string' },
    again: { type: 'boolean' },
    ...jsonOption,
  },
  words: { min: 0, max: 1 },

  async run(context) {
    const { host, streams, positionals, values } = context
    const { 'over-ssh': overSsh } = values
    const [word] = positionals
    if ((word === undefined) === (overSsh === undefined))
      return reportProblem(streams, problem('usage', 'Give a join token, or with --over-ssh the id of a fleet.'))
    const name = HostId.safeParse(values['host'] ?? hostIdFrom(host.id))
    if (!name.success)
      return reportProblem(streams, problem('bad-input', 'The name of a host is made of a-z, 0-9, `.` and `-`.'))
    // Before a token is used up: a host that could not keep its identity must not spend one.
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const known = readMembership(state.value)
    if (values['again'] !== true && (!known.ok || known.value !== null))
      return reportProblem(streams, alreadyEnrolled(known.ok ? whereOf(known.value) : known.says))
    const enrolled =
      word === undefined ? reachedBy(String(overSsh), name.data) : await enrolWith(word, name.data, context)
    if (!enrolled.ok) return reportProblem(streams, enrolled.problem)
    const { member } = enrolled
    await writeIdentity(state.value, member)
    await recordEnrolled({ state: state.value, host }, member)
    const dials = dialsOut(member) ? { url: member.url, expiresAt: member.expiresAt } : {}
    if (values['json'])
      printJson(streams, { format: 'fleetmend.enrolled/1', host: member.host, fleet: member.fleet, ...dials })
    else streams.out(`${whereOf(member)}\n`)
    if (!values['json'])
      streams.err('To serve it from now on, and after each boot:\n    systemctl enable --now fleetmend-agent\n')
    return exitCodes.done
  },
}

type Enrolling = { readonly ok: true; readonly member: Membership } | { readonly ok: false; readonly problem: Problem }

async function enrolWith(word: string, name: HostId, { host }: CommandContext): Promise<Enrolling> {
  const token = decodeJoinToken(word === '-' ? await readLine(process.stdin) : word)
  if (!token.ok) return token
  const [{ osName }, { enrolHost }] = await Promise.all([
    import('../serve/os-name.ts'),
    import('../serve/enrol-host.ts'),
  ])
  const enrolled = await enrolHost(token.value, { host: name, os: await osName(host), agentVersion })
  return enrolled.ok ? { ok: true, member: enrolled.identity } : enrolled
}

/** As its authority names it (`fleet-id`). */
const fleetId = /^[0-9a-f]{8,64}$/

function reachedBy(fleet: string, host: HostId): Enrolling {
  return fleetId.test(fleet)
    ? { ok: true, member: reachedIdentity(host, fleet) }
    : { ok: false, problem: problem('bad-input', 'The id of a fleet is what `fleetmend hosts add` shows.') }
}

function whereOf(member: Membership | null): string {
  if (member === null) return 'This host belongs to no fleet.'
  const { host, fleet } = member
  return dialsOut(member)
    ? `${host} is part of the fleet ${fleet} at ${member.url}.`
    : `${host} is part of the fleet ${fleet}, whose controller comes to it over SSH.`
}

function alreadyEnrolled(says: string): Problem {
  return problem('usage', `${says}\n\nTo make it part of another one, or to give it another key, add --again.`)
}

async function readLine(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += chunk.toString()
    if (text.includes('\n') || text.length > limitCharacters) break
  }
  return text.split('\n')[0] ?? ''
}
