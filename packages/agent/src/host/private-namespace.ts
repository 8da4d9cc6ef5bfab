/**
 * Runs a testing program in a mount namespace of its own, in which planned files stand in for live ones and everything
 * the program would write to is a copy (DESIGN D1). The live tree is never touched to find out.
 */
import type { PlannedFiles, Read, ToolOutput } from './host.ts'
import { runTool } from './run-tool.ts'
import type { Self } from './self.ts'

/** What the child process reads on its standard input. */
export interface NamespaceSpec {
  readonly program: string
  readonly args: readonly string[]
  /** Base64, or null for a file that would be gone. */
  readonly planned: readonly { readonly path: string; readonly bytes: string | null }[]
  /** Directories that the program may write to; each is replaced by an empty copy of its folders. */
  readonly shadowed: readonly string[]
  /** Directories whose files the program reads, too: what it writes there goes to a layer of its own. */
  readonly layered?: readonly string[]
}

export const namespaceCommand = 'internal-namespace'

export async function runInNamespace(
  self: Self,
  program: string,
  args: readonly string[],
  planned: PlannedFiles,
  shadowed: readonly string[],
  limitMs: number,
  layered: readonly string[] = [],
): Promise<Read<ToolOutput>> {
  const spec: NamespaceSpec = {
    program,
    args,
    planned: [...planned].map(([path, bytes]) => ({ path, bytes: bytes && Buffer.from(bytes).toString('base64') })),
    shadowed,
    ...(layered.length > 0 ? { layered } : {}),
  }
  const output = await runTool({
    program: 'unshare',
    args: ['--mount', '--propagation', 'private', '--', self.program, ...self.args, namespaceCommand],
    input: JSON.stringify(spec),
    limitMs,
  })
  if (!output.ok || output.value.exitCode !== namespaceFailedExit) return output
  return {
    ok: false,
    why: 'failed',
    says: `no private view of the files could be made: ${output.value.stderr.trim().slice(0, 500)}`,
  }
}

/** The child could not set the stage; no exit code of FPM, nginx or systemd-analyze. */
export const namespaceFailedExit = 125
