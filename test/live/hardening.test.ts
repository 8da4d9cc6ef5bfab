/**
 * The units that the agent runs in: they keep it from everything that it does not need (docs/hardening.md says from what,
 * and is compared here), and from nothing that it needs: what it finds inside is what root finds at the host's own prompt.
 */
import { readFileSync } from 'node:fs'
import type { DiagnosisDocument, HostDiagnosis } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { confinement } from '../../packages/agent/src/execute/confinement.ts'
import { callAgent } from '../lab/call-agent.ts'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { restartAgent } from '../lab/serving-agent.ts'
import { hostOf } from './faults/host-kit.ts'

const agentUnit = readFileSync(new URL('../../packaging/systemd/fleetmend-agent.service', import.meta.url), 'utf8')
const page = readFileSync(new URL('../../docs/hardening.md', import.meta.url), 'utf8')

describe.skipIf(await hostsAreImpossible())('a real host', () => {
  test.each(['debian11', 'debian12', 'debian13'] as const)(
    'is seen by the agent in its unit as root sees it, on %s',
    async (release) => {
      await using host = hostOf(await bootHost({ name: 'confined', release }), release)
      await host.installAgent()
      await serve(host)
      expect(await asServed(host)).toEqual(await asTyped(host))
      await host.must(['systemctl', 'stop', 'nginx'])
      await host.writeFile(host.pool, `${await host.readFile(host.pool)}pm.max_childern = 10\n`)
      const seen = await asServed(host)
      expect(seen).toEqual(await asTyped(host))
      expect(seen).toMatchObject({ status: 'failing', couldNotTell: [] })
    },
  )

  test('is kept from all but what the page explains, as systemd counts it', async () => {
    await using host = await bootHost('exposed')
    const left = {
      serves: await exposure(host, 'fleetmend-agent.service', agentUnit),
      apply: await exposure(
        host,
        'fleetmend-apply.service',
        `[Service]\nExecStart=/bin/true\n${confinement.join('\n')}\n`,
      ),
    }
    const rows = [...page.matchAll(/^\| `(.+?)` \| (✗?) ?\| (✗?) ?\| .+ \|$/gm)].map(
      ([, name = '', serves, apply]) => ({
        name: name.replaceAll('\\|', '|'),
        serves: serves === '✗',
        apply: apply === '✗',
      }),
    )
    expect(
      rows
        .filter(({ serves }) => serves)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(left.serves.names)
    expect(
      rows
        .filter(({ apply }) => apply)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(left.apply.names)
    const [, serves, apply] =
      /it says \*\*(\S+)\*\* of the\s+unit that serves and \*\*(\S+)\*\* of an apply/.exec(page) ?? []
    expect({ serves, apply }).toEqual({ serves: left.serves.overall, apply: left.apply.overall })
  })
})

async function serve(host: LiveHost): Promise<void> {
  await host.writeFile('/etc/systemd/system/fleetmend-agent.service', agentUnit)
  await host.must(['systemctl', 'daemon-reload'])
  await restartAgent(host)
}

/** What differs from look to look is left out: how long it took, and evidence with times. */
function story({ status, findings, couldNotTell }: HostDiagnosis) {
  return {
    status,
    findings: findings.map(({ diagnosis, role, subject, says }) => ({
      diagnosis,
      role,
      subject,
      says: timeless(says),
    })),
    couldNotTell,
  }
}

/** FPM puts the time and its process before what it says. */
function timeless(says: string): string {
  return says.replaceAll(/\[\d\d-\w+-\d{4} \d\d:\d\d:\d\d\]|\(\d+\)/g, '…')
}

async function asServed(host: LiveHost) {
  const { client, close } = callAgent(host)
  try {
    return story(await client.diagnose.query({}))
  } finally {
    close()
  }
}

async function asTyped(host: LiveHost) {
  const { hosts } = JSON.parse((await host.agent('diagnose', '--json')).stdout) as DiagnosisDocument
  const [diagnosis] = hosts
  if (diagnosis === undefined || !('findings' in diagnosis)) throw new Error('The host was not diagnosed.')
  return story(diagnosis)
}

async function exposure(
  host: LiveHost,
  name: string,
  text: string,
): Promise<{ readonly names: readonly string[]; readonly overall: string }> {
  await host.writeFile(`/tmp/${name}`, text)
  // It exits with 1 for what it calls exposed.
  const { stdout } = await host.run(['systemd-analyze', 'security', '--offline=true', '--no-pager', `/tmp/${name}`])
  const names = [...stdout.matchAll(/^✗ (\S+)/gm)].map(([, each = '']) => each)
  return { names: names.toSorted(), overall: /Overall exposure level for \S+: (\S+)/.exec(stdout)?.[1] ?? '' }
}
