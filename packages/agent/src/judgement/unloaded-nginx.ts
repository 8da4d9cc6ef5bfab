/** Whether nginx's files were edited since its workers took over what they run with. */
import type { HostFacts } from '../survey/host-facts.ts'
import type { NginxLoad } from '../survey/nginx-load.ts'

/** When the newest file was changed, where nginx has not loaded it; start times count in whole seconds. */
export function unloadedSince({ nginx, capacity }: HostFacts): number | null {
  return editedAfterLoad({ modifiedMs: capacity.nginx?.configModifiedMs ?? null, loadedAtMs: nginx.loadedAtMs })
}

export function editedAfterLoad({ modifiedMs, loadedAtMs }: NginxLoad): number | null {
  return modifiedMs !== null && modifiedMs > (loadedAtMs ?? Infinity) + 1000 ? modifiedMs : null
}
