/** Hidden subcommands: what the agent runs itself again for. Each is one small process with one task. */
import { fastCgiCommand, runFastCgiChild } from './host/fastcgi-child.ts'
import { runThawChild, thawCommand } from './host/guard-frozen.ts'
import { runNamespaceChild } from './host/namespace-child.ts'
import { namespaceCommand } from './host/private-namespace.ts'

type Internal = (args: readonly string[]) => number | Promise<number>

const internals: Readonly<Record<string, Internal>> = {
  [namespaceCommand]: runNamespaceChild,
  [fastCgiCommand]: runFastCgiChild,
  [thawCommand]: runThawChild,
}

/** The task that a hidden subcommand names; undefined for everything that people type. */
export function internalTask(command: string | undefined): Internal | undefined {
  return command === undefined ? undefined : internals[command]
}
