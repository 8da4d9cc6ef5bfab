/** The lab itself: what live stories rely on when they say that a host was broken, healed, or left as it was. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { sweepDeadLabs } from '../lab/claim.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'

describe.skipIf(await hostsAreImpossible())('a lab', () => {
  describe('with two hosts', () => {
    let lab: Lab
    let web1: LiveHost
    let web2: LiveHost

    beforeAll(async () => {
      lab = await openLab()
      ;[web1, web2] = await Promise.all([lab.boot({ name: 'web-1' }), lab.boot({ name: 'web-2' })])
    })
    afterAll(() => lab[Symbol.asyncDispose]())

    test('serves PHP through nginx, and nothing of systemd has failed', async () => {
      expect(await web1.curl('/ok.php')).toMatchObject({ kind: 'answered', status: 200, body: 'ok\n' })
      expect(await web1.must(['systemctl', 'list-units', '--failed', '--plain', '--no-legend'])).toBe('')
    })

    test('runs programs inside a host as they are given, with no shell between', async () => {
      expect(await web1.must(['printf', '%s|', '$HOME', 'a b', '*'])).toBe('$HOME|a b|*|')
      expect(await web1.run(['false'])).toMatchObject({ exitCode: 1 })
      expect(await web1.must(['cat'], { input: 'given' })).toBe('given')
      await expect(web1.run(['sleep', '60'], { limitMs: 200 })).rejects.toThrow('did not end within 0.2 s')
      // It may lie there as a zombie until this machine's PID 1, which inherits it, looks.
      expect((await web1.run(['ps', '-C', 'sleep', '-o', 'stat='])).stdout).not.toMatch(/^[^Z\s]/m)
    })

    test('lets hosts reach each other by address, and nothing outside', async () => {
      expect(await web2.must(['curl', '-sS', `http://${web1.address}/ok.php`])).toBe('ok\n')
      expect((await web2.run(['curl', '-sS', '-m', '3', 'http://192.0.2.1/'])).stderr).toContain('Failed to connect')
    })

    test('keeps the services of one host apart from those of another', async () => {
      await web1.must(['systemctl', 'stop', 'php8.2-fpm'])
      expect(await web1.status('/ok.php')).toBe(502)
      expect(await web2.status('/ok.php')).toBe(200)
      await web1.must(['systemctl', 'start', 'php8.2-fpm'])
      expect(await web1.status('/ok.php')).toBe(200)
    })

    test('sees every change of a file in a snapshot, and none where there was none', async () => {
      const folder = '/etc/snapshot'
      await web1.must(['mkdir', folder])
      await web1.must([
        'touch',
        `${folder}/bytes`,
        `${folder}/mode`,
        `${folder}/owner`,
        `${folder}/acl`,
        `${folder}/gone`,
      ])
      const before = await web1.snapshot([folder, '/etc/nothing-here'])
      expect(await web1.snapshot([folder, '/etc/nothing-here'])).toEqual(before)

      await web1.writeFile(`${folder}/bytes`, 'other')
      await web1.must(['chmod', '0600', `${folder}/mode`])
      await web1.must(['chown', 'www-data', `${folder}/owner`])
      await web1.must(['setfacl', '-m', 'user:www-data:r', `${folder}/acl`])
      await web1.must(['rm', `${folder}/gone`])
      const after = await web1.snapshot([folder])
      const changed = Object.keys(before).filter((path) => JSON.stringify(before[path]) !== JSON.stringify(after[path]))
      expect(changed.toSorted()).toEqual(['acl', 'bytes', 'gone', 'mode', 'owner'].map((name) => `${folder}/${name}`))
    })

    test('keeps the disk of a host through a power cut', async () => {
      await web2.writeFile('/root/kept', 'as it was\n')
      const before = web2.leaderPid
      await web2.cutPower()
      expect(await web2.curl('/ok.php', { limitMs: 500 })).toMatchObject({ kind: 'lost' })
      await web2.powerOn()
      expect(web2.leaderPid).not.toBe(before)
      expect(await web2.readFile('/root/kept')).toBe('as it was\n')
      expect(await web2.status('/ok.php')).toBe(200)
    })

    test('counts each request of a load once, the lost ones by what became of them', async () => {
      await using load = web1.load({ path: '/ok.php', perSecond: 50, forMs: 60_000 })
      await vi.waitFor(() => expect(load.report().good).toBeGreaterThan(10), { timeout: 10_000 })
      await web1.must(['systemctl', 'stop', 'php8.2-fpm'])
      await vi.waitFor(() => expect(load.report().outcomes['502']).toBeGreaterThan(10), { timeout: 10_000 })
      await web1.must(['systemctl', 'start', 'php8.2-fpm'])
      const report = await load.stop()
      expect(Object.values(report.outcomes).reduce((total, count) => total + count, 0)).toBe(report.sent)
      expect(report.good + report.lost).toBe(report.sent)
      expect(report.bySecond.reduce((total, { good, lost }) => total + good + lost, 0)).toBe(report.sent)
      expect(report.firstLost[0]?.outcome).toBe('502')
    })

    test.skipIf(!existsSync('dist/agent'))('runs the built agent, which brings its own Node', async () => {
      await web1.installAgent()
      expect((await web1.run(['which', 'node'])).exitCode).toBe(1)
      expect(await web1.agent('version')).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('fleetmend-agent'),
      })
    })
  })

  test('leaves nothing on this machine when it closes', async () => {
    const lab = await openLab({ lowestNumber: 240 })
    const host = await lab.boot({ name: 'web-1' })
    await host.must(['systemd-run', 'sleep', '600'])
    expect(tracesOf(lab.address)).not.toEqual(nothing)
    await lab[Symbol.asyncDispose]()
    expect(tracesOf(lab.address)).toEqual(nothing)
  })

  test('dies with the process that opened it, and the next one sweeps up after it', async () => {
    const opener = spawn(process.execPath, ['--input-type=module', '--eval', openAndWait], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [address] = (await once(opener.stdout.setEncoding('utf8'), 'data')) as [string]
    expect(tracesOf(address).processes).toBeGreaterThan(5)
    opener.kill('SIGKILL')
    await vi.waitFor(() => expect(tracesOf(address).processes).toBe(0), { timeout: 10_000 })
    // Two at once, and other tests' labs beside them: it is swept by one of them, and by no more than one.
    await Promise.all([sweepDeadLabs(), sweepDeadLabs()])
    await vi.waitFor(() => expect(tracesOf(address)).toEqual(nothing), { timeout: 10_000 })
  })
})

const openAndWait = `
  import { openLab } from ${JSON.stringify(join(import.meta.dirname, '../lab/lab.ts'))}
  const lab = await openLab({ lowestNumber: 240 })
  await lab.boot({ name: 'web-1' })
  process.stdout.write(lab.address)
  setInterval(() => undefined, 1000)
`

const nothing = { mounts: [], links: [], cgroups: [], folders: [], processes: 0 }

/** What a lab has of this machine, found by its number, which is in the third part of its address. */
function tracesOf(address: string) {
  const number = address.split('.')[2]
  const lines = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n')
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return {
    mounts: lines('/proc/self/mounts').filter((line) => line.includes(`/run/fleetmend-lab/${number}/`)),
    links: readdirSync('/sys/class/net').filter(
      (name) => name === `flm-br${number}` || name.startsWith(`vb-flm${number}-`),
    ),
    cgroups: foldersBelow('/sys/fs/cgroup').filter((path) =>
      new RegExp(`/fleetmend-lab-${number}(-[^/]+)?$`).test(path),
    ),
    folders: readdirSync('/run/fleetmend-lab').filter((name) => name === number),
    processes: pids.filter((pid) => isOf(pid, new RegExp(`/fleetmend-lab-${number}[-/]`))).length,
  }
}

/** Hosts of other labs come and go meanwhile, and their cgroups with them. */
function foldersBelow(path: string): readonly string[] {
  try {
    const folders = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return folders.map(({ name }) => `${path}/${name}`).flatMap((each) => [each, ...foldersBelow(each)])
  } catch {
    return []
  }
}

function isOf(pid: string, cgroup: RegExp): boolean {
  try {
    return cgroup.test(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
  } catch {
    return false
  }
}
