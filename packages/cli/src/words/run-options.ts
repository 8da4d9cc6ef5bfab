/** What a run is asked for and what bounds it, as options of the commands that begin one. */
import type { Command, OptionValues } from '@commander-js/extra-typings'
import { count } from './numbers.ts'

export interface RunOptions {
  readonly forFindings?: true | undefined
  readonly do?: string | undefined
  readonly input?: readonly string[] | undefined
  readonly risks?: true | undefined
  readonly startStopped?: true | undefined
  readonly watch?: number | undefined
  readonly reason?: string | undefined
  readonly canary: number
  readonly batch: number
  readonly groups: number
  readonly stopAt: number
  readonly jsonl?: true | undefined
}

export function withRunOptions<Words extends unknown[], Known extends OptionValues>(command: Command<Words, Known>) {
  return command
    .option('--for-findings', 'For what diagnosis finds on each host; this is the default.')
    .option('--do <remediation>', 'This remediation, on every host.')
    .option('--input <name=value>', 'Its input; may be repeated.', oneMore)
    .option('--risks', 'For risks too, not only for causes.')
    .option('--start-stopped', 'Starts what a person stopped.')
    .option('--watch <seconds>', 'How long each host is watched before the outcome is final.', count(0, 3600))
    .option('--reason <text>', 'Why; approvers sign it.')
    .option('--canary <hosts>', 'Hosts of each change that go first, alone.', count(0, 10_000), 1)
    .option('--batch <hosts>', 'Hosts at once after that.', count(1, 10_000), 10)
    .option('--groups <count>', 'Different changes at work at the same time.', count(1, 10_000), 1)
    .option('--stop-at <failures>', 'No further host begins once this many have failed.', count(1, 10_000), 1)
}

function oneMore(text: string, known: readonly string[] = []): readonly string[] {
  return [...known, text]
}
