/** `fleetmend-agent enrol TOKEN`: makes this host part of a fleet. */
import { decodeJoinToken, exitCodes, HostId, problem } from '@fleetmend/shared'
import { recordEnrolled } from '../audit/on-record.ts'
import { hostIdFrom } from '../state/host-id.ts'
import { readIdentity, writeIdentity } from '../state/identity.ts'
import { agentVersion } from '../version.ts'
import { jsonOption, printJson, type Command } from './define.ts'
import { reportProblem } from './report-problem.ts'

/** A token has some two hundred characters. */
const limitCharacters = 4096

export const enrolCommand: Command = {
  name: 'enrol',
  summary: 'Make this host part of a fleet, with a join token from `fleetmend hosts invite`.',
  usage: 'enrol TOKEN | enrol -   (a line on standard input)   [--host NAME] [--again] [--json]',
  options: { host: { type: 'string' }, again: { type: 'boolean' }, ...jsonOption },
  words: { min: 1, max: 1 },

  async run(context) {
    const { host, streams, positionals, values } = context
    const name = HostId.safeParse(values['host'] ?? hostIdFrom(host.id))
    if (!name.success)
      return reportProblem(streams, problem('bad-input', 'The name of a host is made of a-z, 0-9, `.` and `-`.'))
    const token = decodeJoinToken(positionals[0] === '-' ? await readLine(process.stdin) : (positionals[0] ?? ''))
    if (!token.ok) return reportProblem(streams, token.problem)
    // Before the token is used up: a host that could not keep its identity must not spend one.
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const known = readIdentity(state.value)
    if (values['again'] !== true && (!known.ok || known.value !== null)) {
      const says = known.ok
        ? `This host is ${known.value?.host} of a fleet already, at ${known.value?.url}.`
        : known.says
      const toDo = 'To make it part of another one, or to give it a new certificate, add --again.'
      return reportProblem(streams, problem('usage', `${says}\n\n${toDo}`))
    }
    const [{ osName }, { enrolHost }] = await Promise.all([
      import('../serve/os-name.ts'),
      import('../serve/enrol-host.ts'),
    ])
    const enrolled = await enrolHost(token.value, { host: name.data, os: await osName(host), agentVersion })
    if (!enrolled.ok) return reportProblem(streams, enrolled.problem)
    const { identity } = enrolled
    await writeIdentity(state.value, identity)
    await recordEnrolled({ state: state.value, host }, identity)
    const { fleet, url, expiresAt } = identity
    if (values['json'])
      printJson(streams, { format: 'fleetmend.enrolled/1', host: identity.host, fleet, url, expiresAt })
    else streams.out(`${identity.host} is part of the fleet ${fleet} at ${url}.\n`)
    if (!values['json'])
      streams.err('To serve it from now on, and after each boot:\n    systemctl enable --now fleetmend-agent\n')
    return exitCodes.done
  },
}

async function readLine(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += chunk.toString()
    if (text.includes('\n') || text.length > limitCharacters) break
  }
  return text.split('\n')[0] ?? ''
}
