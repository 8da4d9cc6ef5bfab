/** What a run is asked for and what bounds it, as options of the commands that begin one. */
import { InvalidArgumentError, type Command, type OptionValues } from '@commander-js/extra-typings'
import { readShare, readZonedWindow, type Share, type WavePlan, type ZonedWindow } from '@fleetmend/shared'
import { life } from './life.ts'
import { count } from './numbers.ts'

export interface RunOptions {
  readonly forFindings?: true | undefined
  readonly do?: string | undefined
  readonly input?: readonly string[] | undefined
  readonly risks?: true | undefined
  readonly startStopped?: true | undefined
  readonly watch?: number | undefined
  readonly reason?: string | undefined
  readonly canary: Share
  readonly canaryLabels?: string | undefined
  readonly batch: readonly Share[]
  readonly between?: WavePlan['between'] | undefined
  readonly groups: number
  readonly atOnce?: number | undefined
  readonly maxFailed: number
  readonly maxUnreachable?: number | undefined
  readonly maxRolledBack?: number | undefined
  readonly window?: readonly ZonedWindow[] | undefined
  readonly deadline?: number | undefined
  readonly waitForHosts?: number | undefined
  readonly jsonl?: true | undefined
}

/** How a run goes on, whatever it is for. */
export type PaceOptions = Omit<RunOptions, 'forFindings' | 'do' | 'input' | 'risks' | 'startStopped' | 'jsonl'>

export function withRunOptions<Words extends unknown[], Known extends OptionValues>(command: Command<Words, Known>) {
  return withPaceOptions(
    command
      .option('--for-findings', 'For what diagnosis finds on each host; this is the default.')
      .option('--do <remediation>', 'This remediation, on every host.')
      .option('--input <name=value>', 'Its input; may be repeated.', oneMore)
      .option('--risks', 'For risks too, not only for causes.')
      .option('--start-stopped', 'Starts what a person stopped.'),
  )
}

export function withPaceOptions<Words extends unknown[], Known extends OptionValues>(command: Command<Words, Known>) {
  return command
    .option('--watch <seconds>', 'How long each host is watched before the outcome is final.', count(0, 3600))
    .option('--reason <text>', 'Why; approvers sign it.')
    .option('--canary <hosts>', 'Hosts of each change that go first, alone: 2, or 5%.', share, 1)
    .option('--canary-labels <labels>', 'Canaries are hosts with these labels, where a change has any: env=staging')
    .option(
      '--batch <sizes>',
      'Hosts at once after that: 10, or growing, the last size for the rest: 1,5,20%',
      sizes,
      [10],
    )
    .option('--between <what>', 'Before each further wave: promote (by a person), or well for so long: 10m', between)
    .option('--groups <count>', 'Different changes at work at the same time.', count(1, 10_000), 1)
    .option('--at-once <hosts>', 'Hosts of the run at work at the same time, whatever the waves.', count(1, 10_000))
    .option('--max-failed <hosts>', 'No further host begins once this many have failed.', count(1, 10_000), 1)
    .option(
      '--max-unreachable <hosts>',
      'The same for hosts not reached, which then do not count as failed.',
      count(1, 10_000),
    )
    .option('--max-rolled-back <hosts>', 'The same for hosts that rolled back by themselves.', count(1, 10_000))
    .option(
      '--window <when>',
      'Hosts begin only then: "mon-thu 22:00-05:00 Europe/Berlin"; may be repeated.',
      oneMoreWindow,
    )
    .option('--deadline <time>', 'No host begins after so long: 45m; part of what is signed.', life)
    .option(
      '--wait-for-hosts <time>',
      'Hosts that are away are waited for so long; left out: passed over at once.',
      life,
    )
}

function share(text: string): Share {
  const read = readShare(text)
  if (read !== null) return read
  throw new InvalidArgumentError('It takes a number of hosts, or a percentage from 0% to 100%.')
}

function sizes(text: string): readonly Share[] {
  const read = text.split(',').map((each) => share(each.trim()))
  if (read.every((each) => each !== 0 && each !== '0%')) return read
  throw new InvalidArgumentError('A batch is at least one host: 1,5,20%')
}

function between(text: string): WavePlan['between'] {
  return text === 'promote' ? text : { wellForMs: life(text) }
}

function oneMoreWindow(text: string, known: readonly ZonedWindow[] = []): readonly ZonedWindow[] {
  const window = readZonedWindow(text)
  if (window) return [...known, window]
  throw new InvalidArgumentError('It takes days, hours and a time zone: "mon-thu 22:00-05:00 Europe/Berlin"')
}

function oneMore(text: string, known: readonly string[] = []): readonly string[] {
  return [...known, text]
}
