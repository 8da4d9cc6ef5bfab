/** Whether systemd runs the services of this host: in containers and under other inits it has no say, though its tools may be there. */
import type { ReadHost } from '../host/host.ts'

/** sd_booted(3). A folder that may not be looked at is there. */
export async function runsSystemd(host: ReadHost): Promise<boolean> {
  const folder = await host.stat('/run/systemd/system')
  return folder.ok || folder.why !== 'missing'
}
