/**
 * The agent behind an account that is bound to it. Every time that it is asked for, something else is asked for instead: an
 * account that does that could do anything for whoever holds the controller's key, and is not used (DESIGN D12).
 */
import type { Duplex } from 'node:stream'
import { exitCodes, problem, safeLine, type Problem } from '@fleetmend/shared'
import { PREAMBLE } from '@fleetmend/shared/wire/frame-reader'
import { commandLine, type SshConnection, type SshOutcome, type SshProcess } from '@fleetmend/ssh'

/** sshd passes it over for the command that a key is bound to (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
const harmless = commandLine(['/bin/echo', 'This account runs what it is told to.'])

export async function startBound(connection: SshConnection, signal: AbortSignal): Promise<SshOutcome<Duplex>> {
  const started = await connection.start(harmless, signal)
  if (!started.ok) return started
  const { stdio } = started.value
  const complaint = endOf(started.value)
  // Not behind a greeting, as elsewhere: an account with nothing but the agent has nobody who could greet.
  const first = await firstBytes(stdio, PREAMBLE.length, signal)
  if (first.subarray(0, PREAMBLE.length).equals(PREAMBLE)) {
    stdio.unshift(first)
    return { ok: true, value: stdio }
  }
  stdio.destroy()
  signal.throwIfAborted()
  return { ok: false, problem: await whyNot(connection, started.value, first.toString('latin1'), complaint) }
}

async function whyNot(
  { target }: SshConnection,
  { exited }: SshProcess,
  said: string,
  complaint: () => string,
): Promise<Problem> {
  const { code, problem: broken } = await exited
  if (said === '' && broken !== null) return broken
  const place = `${safeLine(target.user)} on ${safeLine(target.alias)}`
  const says = safeLine((said === '' ? complaint() : said).trim().slice(0, 300))
  if (said === '' && code === exitCodes.someUnreachable)
    return problem(
      'agent-not-serving',
      `The account ${place} is bound to the agent, and no agent serves there: ${says}`,
    )
  if (said === '' && code === exitCodes.refused)
    return problem(
      'agent-socket-denied',
      `The account ${place} is bound to the agent, and may not use its socket: ${says}`,
    )
  const bind = `restrict,command="/usr/bin/fleetmend-agent stdio"`
  return problem(
    'ssh-not-bound',
    `The account ${place} is not bound to the agent: asked for something else, it did not answer as the agent would${says === '' ? '' : `, but said: ${says}`}. A controller must not be able to run programs on hosts, so this one is not used. The line of its key in authorized_keys has to begin with:\n    ${bind}`,
  )
}

/** As many as come before it has said enough, or has ended. */
function firstBytes(stdio: Duplex, enough: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const take = (): void => {
      for (let chunk = stdio.read() as Buffer | null; chunk !== null; chunk = stdio.read() as Buffer | null)
        bytes = Buffer.concat([bytes, chunk])
      if (bytes.length >= enough) done()
    }
    const done = (): void => {
      stdio.off('readable', take).off('end', done).off('close', done)
      signal.removeEventListener('abort', done)
      resolve(bytes)
    }
    stdio.on('readable', take).on('end', done).on('close', done)
    signal.addEventListener('abort', done, { once: true })
    if (stdio.destroyed || signal.aborted) done()
  })
}

const keptCharacters = 2000

function endOf({ stderr }: SshProcess): () => string {
  let text = ''
  stderr.on('data', (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(-keptCharacters)))
  stderr.on('error', () => undefined)
  return () => text
}
