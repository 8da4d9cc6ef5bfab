/**
 * What one controller bears: agents in processes of their own, over the real protocol with mutual TLS, on the loopback of one
 * machine. A connection storm, the memory of an idle agent, questions to all of them, a run in batches that somebody follows,
 * and a controller that is killed and started again; beside raw `ws` (an id and a payload that nobody reads) and NATS, in turns,
 * with the same payloads, certificates and processes. Hosts answer what a failing one was recorded to answer. Goals, on two
 * cores: 0.7 of the calls per second of raw `ws`, all of 10,000 within 1.5 of its time, at most 64 KiB for an idle agent, all
 * back within 20 s of a restart and none refused, and a cost for each host that is flat from 100 to 10,000.
 * What stands in the way of those that are not met, by the profile below: a connection of mutual TLS takes Node 64 KiB with
 * nothing but raw `ws` on it, so that less would take another TLS. A fleet that comes back is bound by one core, a handshake
 * being a good third of what a host costs there: it would take handshakes on other cores, and statements that SQLite has
 * prepared once. Of a question to all a fifth is the check of each answer and a fifth its frames, where raw `ws` reads nothing:
 * it would take checks that are compiled when the program is built, and hosts that are asked from several processes.
 * `node bench/scale.ts [HOSTS …]`; needs 12,000 open files for a process, 8 GB of memory and, for NATS, `apt-get install nats-server`.
 */
import { loadavg } from 'node:os'
import { recordAnswers } from './scale/answers.ts'
import { measure, profile, type Measured, type Say } from './scale/measure.ts'
import { flatText, goalsOf, goalsText, profileText, wholeText } from './scale/report.ts'

const { FLEETMEND_SCALE_HOSTS: given = '100 1000 10000' } = process.env
const sizes = process.argv.slice(2).map(Number)
const wanted = sizes.length > 0 ? sizes : given.split(' ').map(Number)
const profiledHosts = Math.min(1000, Math.max(...wanted))
/** Whatever hangs, it ends; nobody is left behind by it. */
const longestMs = 15 * 60_000

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
setTimeout(() => fail('It takes much too long.'), longestMs).unref()

const startedMs = performance.now()
const say: Say = (line, figures) => {
  const told = figures ? `  ${JSON.stringify(figures)}` : ''
  process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}${told}\n`)
}

const answers = await recordAnswers()
const load = loadavg()[0] ?? 0
const all: Measured[] = []
for (const hosts of wanted) all.push(await measure({ hosts, answers, isWhole: hosts === wanted.at(-1), say }))
const looks = await profile(profiledHosts, answers)
const whole = all.at(-1)
if (!whole) throw new Error('No size was given.')
process.stdout.write(
  [
    wholeText(whole),
    flatText(all),
    `${goalsText(goalsOf(all))}\n${profileText(profiledHosts, looks)}`,
    `It took ${Math.round((performance.now() - startedMs) / 1000)} s; load ${load.toFixed(1)} when it began.\n`,
  ].join('\n'),
)
process.exit()

function fail(says: string): never {
  process.stderr.write(`${says}\n`)
  process.exit(1)
}
