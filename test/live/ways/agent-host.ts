/** A host with the packaged agent, an approver, and doors for SSH: what every way leads to. */
import { readFileSync } from 'node:fs'
import { hardwareKey, type HardwareKey } from '../../../packages/shared/test/hardware-key.ts'
import { openLab, type Lab } from '../../lab/lab.ts'
import type { LiveHost } from '../../lab/live-host.ts'
import type { Release } from '../../lab/tree-recipes.ts'
import { restartAgent } from '../../lab/serving-agent.ts'
import { openSshDoors, type SshDoors } from './over-ssh.ts'

export interface AgentHost extends AsyncDisposable {
  readonly lab: Lab
  readonly host: LiveHost
  readonly doors: SshDoors
  readonly approver: HardwareKey
  /** Of PHP-FPM. */
  readonly service: string
}

const agentUnit = new URL('../../../packaging/systemd/fleetmend-agent.service', import.meta.url)
const services = { debian11: 'php7.4-fpm', debian12: 'php8.2-fpm', debian13: 'php8.4-fpm' } as const

export async function bootAgentHost(release: keyof typeof services & Release): Promise<AgentHost> {
  const approver = hardwareKey('ed25519')
  const lab = await openLab()
  try {
    const host = await lab.boot({ name: 'ways', release })
    await host.installAgent()
    await host.must(['mkdir', '-p', '/etc/fleetmend'])
    await host.writeFile('/etc/fleetmend/approvers', `olivia ${approver.publicKey}\n`)
    await host.writeFile('/etc/fleetmend/policy.yaml', 'changesPerHour: 100\ncoolDownMinutes: 0\n')
    await host.writeFile('/etc/systemd/system/fleetmend-agent.service', readFileSync(agentUnit))
    const doors = await openSshDoors(host)
    await host.must(['systemctl', 'daemon-reload'])
    await restartAgent(host)
    const close = async (): Promise<void> => {
      doors[Symbol.dispose]()
      await lab[Symbol.asyncDispose]()
    }
    return { lab, host, doors, approver, service: services[release], [Symbol.asyncDispose]: close }
  } catch (error) {
    await lab[Symbol.asyncDispose]()
    throw error
  }
}
