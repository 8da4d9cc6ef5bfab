/** Every command, in the order of `--help`; loaded when it is asked for, because most of them are much to load. */
import type { Command } from './define.ts'

export const commands: Readonly<Record<string, (words: readonly string[]) => Promise<Command>>> = {
  diagnose: async () => (await import('./diagnose.ts')).diagnoseCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  apply: async () => (await import('./apply.ts')).applyCommand,
  rollback: async () => (await import('./rollback.ts')).rollbackCommand,
  history: async () => (await import('./history.ts')).historyCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  policy: async () => (await import('./policy.ts')).policyCommand,
  enrol: async () => (await import('./enrol.ts')).enrolCommand,
  serve: async (words) =>
    words.includes('--stdio')
      ? (await import('./serve-stdio.ts')).serveStdioCommand
      : (await import('./serve.ts')).serveCommand,
  stdio: async () => (await import('./stdio.ts')).stdioCommand,
  version: async () => (await import('./version.ts')).versionCommand,
}
