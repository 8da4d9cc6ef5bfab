/** The demo is a story of its own: what a newcomer runs first, run as they run it but off a terminal. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { runTool } from '../lab/tool.ts'

const script = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url))

const isOfDemo = (path: string) => path.endsWith('/hosts/web-3')

const impossible = await hostsAreImpossible()

describe('npm run demo', () => {
  test.skipIf(impossible)('three hosts are healed, the table says so, and nothing stays', async () => {
    const { exitCode, stdout, stderr } = await runTool([process.execPath, script], { limitMs: 170_000 })
    expect(exitCode, stdout + stderr).toBe(0)
    for (const host of ['web-1', 'web-2', 'web-3']) {
      expect(stdout).toMatch(new RegExp(`^${host} +502 → 200 +\\d+ % +0 % +\\d+ of \\d+ +[a-z-]+`, 'm'))
    }
    expect(stdout).not.toContain('\u001B')
    expect(stderr).toMatch(/healed in \d+ s/)
    // Other stories may have labs of their own at this time; none has a host of this name.
    expect(readdirSync('/run/fleetmend-lab', { recursive: true, encoding: 'utf8' }).filter(isOfDemo)).toEqual([])
  })

  test('where hosts are impossible it says what is needed, and exits 3', async () => {
    const env = { FLEETMEND_NO_HOSTS: '  - something that nobody has' }
    const ran = await runTool([process.execPath, script], { env })
    expect(ran).toMatchObject({ exitCode: 3, stdout: '' })
    expect(ran.stderr).toContain('something that nobody has')
  })
})
