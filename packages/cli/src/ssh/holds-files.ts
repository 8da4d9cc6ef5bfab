/** Whether a folder there holds these files, byte for byte. */
import type { SshConnection, SshOutcome } from '@fleetmend/ssh'
import type { AgentFiles } from './agent-files.ts'
import { runThere } from './far-programs.ts'

export async function holdsFiles(
  connection: SshConnection,
  folder: string,
  { files }: Pick<AgentFiles, 'files'>,
  signal: AbortSignal,
): Promise<SshOutcome<boolean>> {
  const input = Buffer.from(files.map(({ name, sha256 }) => `${sha256}  ${folder}/${name}\n`).join(''))
  const ran = await runThere(connection, ['sha256sum', '-c', '--status', '-'], { signal, input })
  return ran.ok ? { ok: true, value: ran.value.ok } : ran
}
