/**
 * For tests: a mount namespace in which the programs that the agent asks are others, so that what they are told can be
 * seen without systemd. They are put over /usr/sbin, which comes first in the path of every tool.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { runTool } from './run-tool.ts'
import { temporaryFolder } from './temporary-folder.ts'

const inNamespace = ['--mount', '--propagation', 'private', '--']

/** Only root may, and not in every container. */
export const mayMakeNamespaces = (await unshared(inNamespace, ['true'])) !== null

/** The value that a module's `export default` expression comes to where these programs stand in, by name. */
export async function amongStandIns(tools: Readonly<Record<string, string>>, module: string): Promise<unknown> {
  await using folder = await temporaryFolder()
  await mkdir(folder.at('tools'))
  for (const [name, text] of Object.entries(tools)) {
    await writeFile(folder.at('tools', name), text)
    await chmod(folder.at('tools', name), 0o755)
  }
  await writeFile(folder.at('module.mjs'), module)
  const inside = `
    import { execFileSync } from 'node:child_process'
    execFileSync('mount', ['--bind', '${folder.at('tools')}', '/usr/sbin'])
    const { default: value } = await import('${folder.at('module.mjs')}')
    console.log(JSON.stringify(value))
  `
  const program = [process.execPath, '--input-type=module', '--eval', inside]
  const stdout = await unshared(inNamespace, program)
  return stdout === null ? null : JSON.parse(stdout)
}

/** What a program prints in namespaces of its own; null when it, or they, could not be had. */
export async function unshared(namespaces: readonly string[], program: readonly string[]): Promise<string | null> {
  const read = await runTool({ program: 'unshare', args: [...namespaces, ...program], limitMs: 60_000 })
  return read.ok && read.value.exitCode === 0 ? read.value.stdout : null
}
