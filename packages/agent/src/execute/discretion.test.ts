/** A password that only the configuration tells to be one, quoted by whatever fails: it is written down nowhere. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { journalFile } from '../state/apply-record.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { apply } from './apply.ts'
import { recover } from './recover.ts'
import { scene, type PlanKind, type Scene } from './sample-apply.ts'
import { CrashError } from './simulated-host.ts'

const secret = 'wintergarden'
const other = `[other]
user = www-data
listen = /run/php/other.sock
pm = static
pm.max_children = 2
env[SHOP_PASSWORD] = ${secret}
`

function plant({ world }: Scene): void {
  const like = world.files.get('/etc/php/8.2/fpm/pool.d/www.conf')!
  world.files.set('/etc/php/8.2/fpm/pool.d/other.conf', { ...like, bytes: Buffer.from(other) })
}

/** An agent to which nothing of the one kind succeeds, and which is told the password each time. */
function quoting(at: Scene) {
  const agent = at.agent()
  const failed = { ok: false, says: `cannot log in with ${secret} at the shop` } as const
  const host = {
    ...agent.host,
    systemd: async () => failed,
    daemonReload: async () => failed,
    guardFrozen: async () => ({ ...failed, why: 'failed' }) as const,
  }
  return { ...agent, executor: { ...agent.executor, host } }
}

async function written(at: Scene): Promise<string> {
  return readFile(journalFile(at.state, at.record.id), 'utf8')
}

test.each<PlanKind>(['edit and reload', 'drop-in and daemon-reload', 'start only', 'reload only', 'edit and restart'])(
  'an act of a plan to %s that fails',
  async (kind) => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, kind)
    plant(at)
    const report = await apply(quoting(at).executor, at.record)
    expect(report.outcome).not.toBe('fixed')
    const told = (await written(at)) + JSON.stringify(report)
    expect(told).toContain('cannot log in with ••••••')
    expect(told).not.toContain(secret)
  },
)

test('a rollback that recovery cannot finish', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'drop-in and daemon-reload')
  plant(at)
  const crashing = at.agent()
  const host = { ...crashing.host, daemonReload: () => Promise.reject(new CrashError('in the middle')) }
  await expect(apply({ ...crashing.executor, host }, at.record)).rejects.toThrow(CrashError)
  crashing.die()
  at.world.fpm.nowMs += 60_000
  await recover(quoting(at).executor, at.record.id)
  const told = await written(at)
  expect(told).toContain('cannot log in with ••••••')
  expect(told).not.toContain(secret)
})
