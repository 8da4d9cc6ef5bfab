/** What a file is beside its bytes survives an edit and its rollback; what would not is refused before anything is written. */
import type { ApplyDocument, PlanDocument, PlanRecord } from '@fleetmend/shared'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'

const unit = 'php8.2-fpm'
const folder = '/etc/php/8.2/fpm/pool.d'
const pool = `${folder}/www.conf`
/** Where a link leads, as on hosts whose configuration is a checkout. */
const target = '/etc/php/8.2/fpm/shared/www.conf'

describe.skipIf(await hostsAreImpossible())('a pool file on a real host', () => {
  let host: LiveHost
  let shipped: string

  beforeAll(async () => {
    host = await bootHost('attributes')
    await host.installAgent()
    shipped = await host.readFile(pool)
    await host.must(['mkdir', '/etc/php/8.2/fpm/shared'])
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    await host.must(['rm', '-rf', pool, target])
    await host.writeFile(pool, shipped)
    await host.must(['chmod', '0644', pool])
  })

  const planning = ['plan', 'tune-pool', '--input', `pool=${unit}/www`, '--input', 'maxChildren=8', '--watch', '0']
  async function plan(): Promise<PlanRecord> {
    const ran = await host.agent(...planning, '--json')
    const [record] = (JSON.parse(ran.stdout) as PlanDocument).plans
    if (!record) throw new Error(ran.stdout + ran.stderr)
    return record
  }
  async function apply(digest: string): Promise<ApplyDocument['applies'][number]> {
    const ran = await host.agent('apply', digest, '--json')
    return (JSON.parse(ran.stdout) as ApplyDocument).applies[0]!
  }
  /** Everything that tools show of it, but for times and the inode, which are new with every atomic replacement. */
  async function looksOf(path: string): Promise<string> {
    const attributes = await host.must(['getfattr', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '--', path])
    return [
      await host.must(['stat', '-c', '%F %a %u:%g %h', '--', path]),
      await host.must(['getfacl', '--absolute-names', '--numeric', '--', path]),
      // Overlayfs keeps its own beside them.
      attributes.replace(/^trusted\.overlay\..*\n/gm, ''),
    ].join('\n')
  }

  test('behind a link, with an ACL, attributes, an odd mode and group: all of it is kept', async () => {
    await host.must(['mv', pool, target])
    await host.must(['ln', '-s', '../shared/www.conf', pool])
    await host.must(['chown', 'root:adm', target])
    await host.must(['chmod', '0540', target])
    await host.must(['setfacl', '-m', 'u:www-data:r,g:daemon:r', target])
    await host.must(['setfattr', '-n', 'user.shop', '-v', 'checked by olivia', target])
    await host.must(['setfattr', '-n', 'trusted.shop', '-v', 'x', target])
    const before = await looksOf(target)
    expect(before).toMatch(/user:33:r--[^]*user\.shop=/)
    const bytes = await host.readFile(target)

    const { digest, plan: planned } = await plan()
    expect(planned.warnings).toContain(`${pool} is a link; the file it points to is edited.`)
    const applied = await apply(digest)
    expect(applied).toMatchObject({ outcome: 'fixed' })
    expect(await host.readFile(target)).toContain('\npm.max_children = 8\n')
    expect(await looksOf(target)).toBe(before)
    expect((await host.must(['readlink', pool])).trim()).toBe('../shared/www.conf')

    expect((await host.agent('rollback', applied.apply)).exitCode).toBe(6)
    expect(await host.readFile(target)).toBe(bytes)
    expect(await looksOf(target)).toBe(before)
    expect((await host.must(['readlink', pool])).trim()).toBe('../shared/www.conf')
    expect((await host.must(['ls', '-A', '/etc/php/8.2/fpm/shared', folder])).match(/\.fleetmend/)).toBeNull()
  })

  const writableByAll = `${pool} can be written by others than root`
  const obstacles: readonly {
    readonly what: string
    readonly make: readonly string[]
    readonly undo: readonly string[]
    readonly says: string
  }[] = [
    { what: 'a second name', make: ['ln', pool, '/root/www.conf'], undo: ['rm', '/root/www.conf'], says: 'hard links' },
    { what: 'a mode for all', make: ['chmod', '0666', pool], undo: ['chmod', '0644', pool], says: writableByAll },
    { what: 'another owner', make: ['chown', 'www-data', pool], undo: ['chown', 'root', pool], says: writableByAll },
    {
      what: 'an ACL that lets another write',
      make: ['setfacl', '-m', 'u:www-data:rw', pool],
      undo: ['setfacl', '-b', pool],
      says: writableByAll,
    },
    {
      what: 'a folder for all',
      make: ['chmod', '0777', folder],
      undo: ['chmod', '0755', folder],
      says: `${folder} can be written by others than root`,
    },
    {
      what: 'a read-only file system',
      make: ['mount', '--bind', '-o', 'ro', folder, folder],
      undo: ['umount', folder],
      says: 'mounted read-only',
    },
  ]

  test.each(obstacles)('$what is refused in a sentence, when it is planned and when it is applied', async (each) => {
    const { digest } = await plan()
    await host.must(each.make)
    const before = await host.snapshot(['/etc'])
    try {
      const planned = await host.agent(...planning)
      expect(planned).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(each.says) as string })
      const applied = await apply(digest)
      expect(applied).toMatchObject({ outcome: 'refused' })
      expect(await host.snapshot(['/etc'])).toEqual(before)
    } finally {
      await host.must(each.undo)
    }
  })

  test('a second name that came after the plan is named when it is applied', async () => {
    const { digest } = await plan()
    await host.must(['ln', pool, '/root/www.conf'])
    const { problem } = await apply(digest)
    expect(problem).toMatchObject({ code: 'check-failed', detail: expect.stringContaining('hard links') as string })
    await host.must(['rm', '/root/www.conf'])
  })

  test('a file of a configuration manager is planned, with the warning and the place that its banner names', async () => {
    const from = '/srv/ops/roles/php/templates/www.conf.j2'
    await host.writeFile(
      pool,
      `; Ansible managed: ${from} modified on 2026-03-01 10:00:00 by root on ops-1\n${shipped}`,
    )
    const { plan: planned } = await plan()
    expect(planned.warnings).toContainEqual(expect.stringContaining('Ansible manages it'))
    expect(planned.warnings).toContainEqual(expect.stringContaining(from))
  })
})
