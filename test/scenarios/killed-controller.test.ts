/**
 * A controller that is killed with SIGKILL at random moments of live runs, again and again: a process of its own, with agents
 * over TLS. Every run comes to its end, and no host does anything twice. `npm run kills` does it a hundred times.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hasEnded, type Run } from '@fleetmend/shared'
import { expect, onTestFinished, test } from 'vitest'
import { hasPostgres, makeDatabase } from '../../packages/controller/test/postgres.ts'
import { approve } from './begin-run.ts'
import { openWorld, type Member, type World } from './world.ts'

const kills = Number(process.env['FLEETMEND_KILLS'] ?? '4')
const names = ['web-1', 'web-2', 'web-3', 'web-4']
/** Within this time a run is planned, approved and done, so that a moment in it is one of a live run. */
const runMs = 1200
/** Hosts of a test that repairs them every second have no use for brakes that hold that back. */
const policy = 'changesPerHour: 1000\ncoolDownMinutes: 0\n'

const kinds = [{ store: 'SQLite' }, ...(hasPostgres ? [{ store: 'PostgreSQL' }] : [])]

test.each(kinds)(
  `killed ${kills} times in the middle of runs, it does everything once, over $store`,
  { timeout: 120_000 + kills * 20_000 },
  async ({ store }) => {
    const made = store === 'PostgreSQL' ? await makeDatabase() : null
    if (made) onTestFinished(made.drop)
    await using world = await openWorld({ apart: true, policy, databaseUrl: made?.url })
    const hosts: Member[] = []
    for (const name of names) hosts.push(await world.add(name))
    const done = new Set<string>()
    const moments: string[] = []
    for (let killed = 0; killed < kills;) {
      for (const host of hosts) host.killFpm()
      const begun = hosts.map((host) => host.begun())
      const people = work(world, done)
      // Several times in one run, now and then; where it was faster, the next one is killed.
      for (let times = 0; times < 3 && killed < kills; times++) {
        await Promise.race([sleep(Math.random() * runMs), people.ended])
        if (people.run() && hasEnded(people.run()!.state)) break
        moments.push(stateNow(people.run()))
        await world.killController()
        await world.startController()
        killed++
      }
      const run = await people.ended
      const said = { run: run.id, state: run.state, hosts: run.hosts.map(({ state }) => state) }
      expect({ ...said, log: run.stopping }).toEqual({
        run: run.id,
        state: 'finished',
        hosts: names.map(() => 'fixed'),
        log: null,
      })
      expect(hosts.map((host, n) => host.begun() - begun[n]!)).toEqual(names.map(() => 1))
      expect(hosts.map((host) => host.status())).toEqual(names.map(() => 200))
      done.add(run.id)
    }
    process.stderr.write(`killed while: ${moments.join(', ')}\n`)
  },
)

/** What people do until a run is over, whatever becomes of the controller meanwhile: they look, and do what is left. */
function work(
  world: World,
  done: ReadonlySet<string>,
): { readonly ended: Promise<Run>; readonly run: () => Run | null } {
  const seen: { run: Run | null } = { run: null }
  const step = async (): Promise<Run | null> => {
    const api = world.api()
    const run = (await api.runs.list.query({ limit: 5 })).find(({ id }) => !done.has(id))
    seen.run = run ?? null
    if (!run) {
      await api.runs.start.mutate({
        target: {},
        by: 'ana',
        reason: 'web hosts answer 502',
        asked: { want: 'for-findings', watchMs: 0 },
        waves: { canaryHosts: 1, batchHosts: 2 },
        limits: { stopAtFailures: 1, groupsAtOnce: 1, approvalsNeeded: 1 },
        // On a busy machine a host may be on its way back for longer than a controller waits of itself.
        terms: { awaitHostsMs: 10 * 60_000 },
      })
    } else if (run.state === 'awaiting-approval') await approve(api, run, world.keys.olivia)
    else if (run.state === 'approved') await api.runs.begin.mutate({ run: run.id, by: 'ana' })
    return run && hasEnded(run.state) ? run : null
  }
  const ended = (async () => {
    for (const untilMs = Date.now() + 120_000; Date.now() < untilMs;) {
      // Whoever gets no answer looks again.
      const run = await step().catch(() => null)
      if (run) return run
      await sleep(50)
    }
    throw new Error(
      `The run stays ${stateNow(seen.run)}:\n${JSON.stringify(seen.run?.hosts)}\n${world.log.slice(-20).join('\n')}`,
    )
  })()
  return { ended, run: () => seen.run }
}

function stateNow(run: Run | null): string {
  if (!run) return 'nothing was begun'
  const atWork = run.hosts.filter(({ state }) => state === 'applying' || state === 'lost').length
  return `${run.state}${atWork > 0 ? ` on ${atWork}` : ''}`
}
