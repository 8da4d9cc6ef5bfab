/** This machine, as every task of the agent gets it. */
import type { Host } from './host/host.ts'
import { linuxHost } from './host/linux-host.ts'
import { runningSelf } from './host/self.ts'
import { enrolledName } from './state/enrolled-name.ts'
import { ownHostId } from './state/host-id.ts'

export function thisHost(): Host {
  return linuxHost(ownHostId(enrolledName()), runningSelf())
}
