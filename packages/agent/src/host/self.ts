/** How the agent runs itself again for a task that needs another namespace, another user or another lifetime. */

export interface Self {
  readonly program: string
  /** Goes before the subcommand: node's own flags and the entry file. */
  readonly args: readonly string[]
}

/** The running node with the running entry: the bundle on a host, `src/main.ts` in development. */
export function runningSelf(): Self {
  const entry = process.argv[1]
  if (entry === undefined) throw new Error('The agent was started without an entry file. This is a bug.')
  return { program: process.execPath, args: [...process.execArgv, entry] }
}
