/** Programs of a host that has none of ours: started one by one, with words of our own, and read past what a shell says. */
import { commandLine, runCommand, type CommandRan, type SshConnection, type SshOutcome } from '@fleetmend/ssh'
import { safeLine } from '@fleetmend/shared'

/** A program and what it is given. */
export type Words = readonly [string, ...string[]]

export interface Ran {
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
}

export interface FarOptions {
  readonly signal: AbortSignal
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>
  readonly limitMs?: number
}

/** Long enough for a host whose disk is at its limit, which is when people come. */
const limitMs = 60_000
const limitBytes = 1024 * 1024

export async function runThere(connection: SshConnection, argv: Words, options: FarOptions): Promise<SshOutcome<Ran>> {
  // In one language, so that what programs say can be told apart; `env` is there wherever `stat` is.
  const line = commandLine(['env', 'LC_ALL=C', ...argv])
  const ran = await runCommand(connection, line, { limitMs, limitBytes, ...options })
  return ran.ok ? { ok: true, value: asText(ran.value) } : ran
}

function asText({ code, stdout, stderr }: CommandRan): Ran {
  return { ok: code === 0, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** The last thing it complained of, for a message: what comes before may be a banner. */
export function complaint({ stderr, stdout }: Pick<Ran, 'stderr' | 'stdout'>): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
  return safeLine((lines.at(-1) ?? 'it said nothing').trim().slice(0, 300))
}
