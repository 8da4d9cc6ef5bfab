/** What was measured, as tables; and beside each goal, whether it is met. */
import { table, type Turn } from './figures.ts'
import { agentProcesses, fewAtOnce, type Beside, type Measured } from './measure.ts'
import { spentIn, type Inside } from './read-profile.ts'
import type { Stormed } from './rivals.ts'

const sessionsName = 'Fleetmend, sessions'
const rawName = 'raw ws'

/** Of the largest fleet, beside what it is held against. */
export function wholeText({ hosts, stormed, diagnosed, run, beside, reconnected, heapKiB }: Measured): string {
  if (!beside || !reconnected) throw new Error('This fleet was not measured beside anything.')
  const { attempts } = reconnected
  return [
    `${hosts} agents in ${agentProcesses} processes; hello ${beside.payloads.hello.length} bytes, a diagnosis ${beside.payloads.diagnose.length} bytes\n`,
    table([
      ['all connect at once, from nothing', 'wall', 'hosts/s', 'CPU each', 'failed', 'RSS each', 'private each'],
      stormRow('Fleetmend, the whole controller', stormed, hosts, stormed.attempts.failed),
      stormRow(rawName, beside.raw, hosts, 0),
      ...(beside.nats ? [stormRow('NATS, server and whoever asks', beside.nats, hosts, 0)] : []),
    ]),
    `Of what an agent takes in the controller, ${heapKiB.toFixed(1)} KiB are JavaScript; the rest is OpenSSL, and what Node keeps for a socket.\n`,
    `killed and started again: all are back after ${s(reconnected.wallMs)}, ${s(reconnected.startMs)} of it until it answers; ` +
      `CPU ${ms(reconnected.cpuMs / hosts)} each; ${(attempts.failed / hosts).toFixed(1)} attempts each came to nothing:\n`,
    ...[...attempts.says].map(
      ([words, times]) => `${String(times).padStart(8)}  ${words.replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')}\n`,
    ),
    '\n',
    table([
      ['all are asked', 'at once', 'wall', 'calls/s', 'p50', 'p99', 'CPU each', 'wall of raw'],
      ...beside.questions.flatMap(({ what, atOnce, turns }) =>
        [...turns].map(([name, turn]) => turnRow(`${what}: ${name}`, atOnce, turn, hosts, turns.get(rawName))),
      ),
      turnRow(
        'diagnose: over the API, as a command',
        fewAtOnce,
        diagnosed,
        hosts,
        rawTurn(beside, 'diagnose', fewAtOnce),
      ),
    ]),
    '\n',
    table([
      ['a run over all of them', 'wall', 'hosts/s', 'CPU each', 'news', 'MB told', 'late p50', 'late p99'],
      ...run.phases.map((phase) => [
        phase.name,
        s(phase.wallMs),
        perS(hosts, phase.wallMs),
        ms(phase.cpuMs / hosts),
        String(phase.news),
        (phase.bytes / 1e6).toFixed(1),
        phase.news === 0 ? '' : ms(phase.lateP50Ms),
        phase.news === 0 ? '' : ms(phase.lateP99Ms),
      ]),
    ]),
    `It is ${run.state}: ${outcomesText(run.outcomes)}; ${run.toldNotOnce} hosts whose outcome was not told exactly once.\n`,
  ].join('')
}

function outcomesText(outcomes: Readonly<Record<string, number>>): string {
  return Object.entries(outcomes)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

/** CPU of the controller for one host, in fleets of different sizes. */
export function flatText(all: readonly Measured[]): string {
  return table([
    ['CPU of the controller each', ...all.map(({ hosts }) => `${hosts} hosts`)],
    ...Object.entries(costs).map(([name, cost]) => [name, ...all.map((each) => ms(cost(each) / each.hosts))]),
  ])
}

const costs: Readonly<Record<string, (measured: Measured) => number>> = {
  connect: ({ stormed }) => stormed.cpuMs,
  'diagnose, over the API': ({ diagnosed }) => diagnosed.cpuMs,
  'plan in a run': ({ run }) => run.phases.find(({ name }) => name === 'plan')?.cpuMs ?? 0,
  'apply in a run': ({ run }) => run.phases.find(({ name }) => name === 'apply')?.cpuMs ?? 0,
}

export interface Goal {
  readonly says: string
  readonly isMet: boolean
}

export function goalsOf(all: readonly Measured[]): readonly Goal[] {
  const whole = all.find(({ beside }) => beside !== null)
  if (!whole?.beside || !whole.reconnected) return []
  const { hosts, beside, stormed, reconnected } = whole
  const ratios = beside.questions.map(({ what, atOnce, turns }) => {
    const ratio = (turns.get(sessionsName)?.wallMs ?? 0) / (turns.get(rawName)?.wallMs ?? 1)
    return { what, atOnce, ratio }
  })
  const refused = [...reconnected.attempts.says.keys()].some((words) => /does not (?:take|let)/.test(words))
  return [
    ...ratios.map(({ what, atOnce, ratio }) =>
      goal(
        `${what}, ${atOnce} at once: ${(1 / ratio).toFixed(2)} of the calls per second of raw ws (at least 0.7)`,
        1 / ratio >= 0.7,
      ),
    ),
    ...ratios
      .filter(({ atOnce }) => atOnce === hosts)
      .map(({ what, ratio }) =>
        goal(`${what} of all at once: ${ratio.toFixed(2)} of the wall time of raw ws (at most 1.5)`, ratio <= 1.5),
      ),
    goal(
      `an idle agent: ${stormed.privateKiB.toFixed(1)} KiB (at most 64); a bare raw ws has ${beside.raw.privateKiB.toFixed(1)}`,
      stormed.privateKiB <= 64,
    ),
    goal(
      `back after a restart: ${s(reconnected.wallMs)} (at most 20 s), ${refused ? 'some' : 'none'} refused`,
      reconnected.wallMs <= 20_000 && !refused,
    ),
    goal(`of a storm none failed: ${stormed.attempts.failed} did`, stormed.attempts.failed === 0),
    ...flatGoals(all),
  ]
}

/** With one size there is nothing to compare. */
function flatGoals(all: readonly Measured[]): readonly Goal[] {
  if (all.length < 2) return []
  return Object.entries(costs).map(([name, cost]) => {
    const each = all.map((measured) => cost(measured) / measured.hosts)
    const ratio = (each.at(-1) ?? 0) / Math.min(...each)
    const says = `${name}: with most hosts one costs ${ratio.toFixed(2)} of what it does where that is least (at most 1.3)`
    return goal(says, ratio <= 1.3)
  })
}

function goal(says: string, isMet: boolean): Goal {
  return { says, isMet }
}

export function goalsText(goals: readonly Goal[]): string {
  return goals.map(({ says, isMet }) => `${isMet ? 'met    ' : 'NOT met'}  ${says}\n`).join('')
}

/** What is named has at least this share. */
const leastShare = 0.025

export function profileText(hosts: number, looks: Readonly<Record<string, Inside>>): string {
  const lines = Object.entries(looks).map(([name, { profile }]) => {
    const spent = spentIn(profile).filter(({ share }) => share >= leastShare)
    const words = spent.map(({ where, share }) => `${where} ${Math.round(share * 100)} %`)
    return `  ${name}: ${words.join(', ')}\n`
  })
  return `Where the time of the controller goes, with ${hosts} hosts, by what V8 sampled:\n${lines.join('')}`
}

function stormRow(name: string, stormed: Stormed, hosts: number, failed: number): readonly string[] {
  const { wallMs, cpuMs, rssKiB, privateKiB } = stormed
  const memory = [`${rssKiB.toFixed(1)} KiB`, `${privateKiB.toFixed(1)} KiB`]
  return [name, s(wallMs), perS(hosts, wallMs), ms(cpuMs / hosts), String(failed), ...memory]
}

function turnRow(name: string, atOnce: number, turn: Turn, hosts: number, raw: Turn | undefined): readonly string[] {
  const { wallMs, cpuMs, p50Ms, p99Ms } = turn
  const beside = raw ? (wallMs / raw.wallMs).toFixed(2) : ''
  return [name, String(atOnce), ms(wallMs), perS(hosts, wallMs), ms(p50Ms), ms(p99Ms), us(cpuMs / hosts), beside]
}

function rawTurn({ questions }: Beside, what: string, atOnce: number): Turn | undefined {
  return questions.find((each) => each.what === what && each.atOnce === atOnce)?.turns.get(rawName)
}

function perS(hosts: number, wallMs: number): string {
  return String(Math.round((hosts / wallMs) * 1000))
}

function s(wallMs: number): string {
  return `${(wallMs / 1000).toFixed(1)} s`
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`
}

function us(valueMs: number): string {
  return `${(valueMs * 1000).toFixed(0)} µs`
}
