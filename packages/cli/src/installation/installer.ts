/**
 * One host on which an agent is to be installed, or taken away: what is brought is put there for the time, and carries it
 * out itself, as root. Where the same is installed already, that is asked, and nothing is brought.
 */
import {
  filesDigest,
  InstallationAnswer,
  installedPlaces,
  isVersionFolder,
  Problem,
  problem,
  safeLine,
  type InstallationRequest,
} from '@fleetmend/shared'
import type { SshConnection, SshOutcome } from '@fleetmend/ssh'
import type { AgentFiles, Architecture, FilesFound } from '../ssh/agent-files.ts'
import { agentCommand } from '../ssh/agent-command.ts'
import { complaint, runThere, type Words } from '../ssh/far-programs.ts'
import { holdsFiles } from '../ssh/holds-files.ts'
import { installedAgent, lookAtHost, type SeenHost } from '../ssh/look-at-host.ts'
import { putAgent } from '../ssh/put-agent.ts'

export interface Installer {
  ask(request: InstallationRequest): Promise<SshOutcome<InstallationAnswer>>
  close(): Promise<string | null>
}

export interface OpenInstaller {
  readonly connect: (signal: AbortSignal) => Promise<SshOutcome<SshConnection>>
  readonly filesFor: (architecture: Architecture) => Promise<FilesFound>
  /** An agent that is there knows what it consists of, so that it takes itself away, of whatever version it is. */
  readonly task: 'install' | 'uninstall'
  readonly signal: AbortSignal
  readonly says: (text: string) => void
}

export async function openInstaller(opening: OpenInstaller): Promise<SshOutcome<Installer>> {
  const { signal, says } = opening
  says('connecting')
  const connected = await opening.connect(signal)
  if (!connected.ok) return connected
  const connection = connected.value
  const opened = await installerOver(connection, opening).catch(async (error: unknown) => {
    await connection[Symbol.asyncDispose]()
    throw error
  })
  if (!opened.ok) await connection[Symbol.asyncDispose]()
  return opened
}

async function installerOver(
  connection: SshConnection,
  { filesFor, task, signal, says }: OpenInstaller,
): Promise<SshOutcome<Installer>> {
  says('looking what is there')
  const seen = await lookAtHost(connection, signal)
  if (!seen.ok) return seen
  if (task === 'uninstall' && seen.value.agent !== null) {
    const own = installerWith(connection, seen.value, [installedAgent], signal)
    // A version from before this could be asked says so by not answering.
    const answer = await own.ask({ ...lookingOnly, wanted: { want: 'removed', purge: false } })
    if (answer.ok) return { ok: true, value: own }
  }
  const files = await filesFor(seen.value.architecture)
  if (!files.ok) return files
  const there = await sameThere(connection, files.value, signal)
  if (!there.ok) return there
  if (there.value !== null) return { ok: true, value: installerWith(connection, seen.value, there.value, signal) }
  const put = await putAgent(connection, seen.value, files.value, {
    ...{ signal, keep: false, near: installedPlaces.current, canApply: false },
    sent: (bytes, ofBytes) => says(`putting the agent there (${mib(bytes)} of ${mib(ofBytes)} MiB)`),
  })
  if (!put.ok) return put
  says('looking what is to be done')
  const remove = () => put.value.remove()
  return { ok: true, value: installerWith(connection, seen.value, put.value.command, signal, remove) }
}

const lookingOnly = { format: 'fleetmend.installation-request/1', agreed: null, token: null } as const

function mib(bytes: number): number {
  return Math.round(bytes / 1024 ** 2)
}

/** The command of the agent that is installed, where it is what we would bring, byte for byte; null: it is not. */
async function sameThere(
  connection: SshConnection,
  agent: AgentFiles,
  signal: AbortSignal,
): Promise<SshOutcome<Words | null>> {
  const link = await runThere(connection, ['readlink', installedPlaces.current], { signal })
  if (!link.ok) return link
  const name = link.value.stdout.trim().split('\n').at(-1) ?? ''
  const digest = filesDigest(new Map(agent.files.map((each) => [each.name, each.sha256])))
  if (!isVersionFolder(name) || !name.endsWith(`-${digest.slice(0, 12)}`)) return { ok: true, value: null }
  const folder = `${installedPlaces.library}/${name}`
  const same = await holdsFiles(connection, folder, agent, signal)
  return same.ok ? { ok: true, value: same.value ? agentCommand(folder) : null } : same
}

/** With starting units, enrolling and waiting for the line. */
const carryingOutMs = 5 * 60_000

function installerWith(
  connection: SshConnection,
  { asRoot }: SeenHost,
  agent: Words,
  signal: AbortSignal,
  remove: () => Promise<string | null> = async () => null,
): Installer {
  const { alias } = connection.target
  return {
    async ask(request) {
      const words = asRoot([...agent, 'internal-install'])
      const input = Buffer.from(JSON.stringify(request))
      const ran = await runThere(connection, words, { signal, input, limitMs: carryingOutMs })
      if (!ran.ok) return ran
      const answer = answerIn(ran.value.stdout)
      if (answer !== null) return answer
      const says = `What was to be said of it by ${safeLine(alias)} was not: ${complaint(ran.value)}`
      return { ok: false, problem: problem('answer-not-believed', says) }
    },
    async close() {
      const left = await remove().catch((error: unknown) => String(error))
      await connection[Symbol.asyncDispose]()
      return left
    },
  }
}

/** The last line that is a document: what comes before is said by a shell. Whoever is root there can say anything. */
function answerIn(stdout: string): SshOutcome<InstallationAnswer> | null {
  const line = stdout.split('\n').findLast((each) => each.startsWith('{')) ?? ''
  try {
    const document: unknown = JSON.parse(line)
    const answer = InstallationAnswer.safeParse(document)
    if (answer.success) return { ok: true, value: answer.data }
    const why = Problem.safeParse((document as { readonly problem?: unknown }).problem)
    return why.success ? { ok: false, problem: why.data } : null
  } catch {
    return null
  }
}
