/**
 * One SSH connection to one host, whichever driver made it: programs are started over it, and their standard input and
 * output are a byte stream. Nothing else is needed: the agent's socket is reached through a program, too.
 */
import type { Duplex, Readable } from 'node:stream'
import type { Problem } from '@fleetmend/shared'
import type { SshTarget } from './ssh-target.ts'

export type SshOutcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

/** Whoever aborts gets the reason of their signal thrown; everything else is an outcome. */
export interface SshDriver {
  /** Nothing is tried twice: sshd makes who fails often wait for longer and longer. */
  connect(target: SshTarget, signal: AbortSignal): Promise<SshOutcome<SshConnection>>
}

export interface SshConnection extends AsyncDisposable {
  readonly target: SshTarget
  /**
   * A line for the account's shell, made by `commandLine`; an account that is bound to a command runs that instead.
   * Waits for its turn where the host runs as many at once as it allows. Aborted later, it ends the program.
   */
  start(command: string, signal?: AbortSignal): Promise<SshOutcome<SshProcess>>
  /** Resolves when the connection is no more; null: this side ended it. */
  readonly ended: Promise<Problem | null>
}

export interface SshProcess {
  /**
   * Its standard output, and its standard input: ending it says that no more comes, destroying it ends the program.
   * It fails where the connection broke, so that a cut answer is not taken for a whole one.
   */
  readonly stdio: Duplex
  /** To be read, or resumed: what nobody takes holds up standard output as well. */
  readonly stderr: Readable
  readonly exited: Promise<SshExit>
}

export interface SshExit {
  /** Null: it was killed by a signal, or how it ended is not known. */
  readonly code: number | null
  readonly signal: string | null
  /** Why nothing is known of its end: the connection broke before. */
  readonly problem: Problem | null
}
