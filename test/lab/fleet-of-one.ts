/** A host with its agent, and a controller that it is connected to. Its brakes let it be healed again and again. */
import { openFleet, type Fleet } from './fleet.ts'
import { openLab } from './lab.ts'
import type { LiveHost } from './live-host.ts'

export interface FleetOfOne extends AsyncDisposable {
  readonly host: LiveHost
  readonly fleet: Fleet
}

export async function openFleetOfOne(labels: readonly string[] = []): Promise<FleetOfOne> {
  await using opened = new AsyncDisposableStack()
  const lab = opened.use(await openLab())
  const host = await lab.boot({ name: 'web-1' })
  const fleet = opened.use(await openFleet(lab.address))
  await fleet.add(host, labels)
  await host.writeFile('/etc/fleetmend/policy.yaml', 'changesPerHour: 100\ncoolDownMinutes: 0\n')
  const all = opened.move()
  return { host, fleet, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
