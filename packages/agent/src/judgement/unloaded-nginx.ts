/** Whether nginx's files were edited since its workers took over what they run with. */
import type { HostFacts } from '../survey/host-facts.ts'

/** When the newest file was changed, where nginx has not loaded it; start times count in whole seconds. */
export function unloadedSince({ nginx, capacity }: HostFacts): number | null {
  const modifiedMs = capacity.nginx?.configModifiedMs ?? null
  return modifiedMs !== null && modifiedMs > (nginx.loadedAtMs ?? Infinity) + 1000 ? modifiedMs : null
}
