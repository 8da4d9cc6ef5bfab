/** Whether systemd has a say in a service: only then there is a unit to judge, to start and to restart. */
import type { UnitProperties } from '../readings/unit-properties.ts'
import type { FpmFacts } from '../survey/host-facts.ts'

export interface UnitService extends FpmFacts {
  readonly unit: UnitProperties
}

export function hasUnit(service: FpmFacts): service is UnitService {
  return service.unit !== null
}

/** Its unit is down, and a master that somebody started beside it answers in its place. */
export function isStoodInFor({ unit, master }: Pick<FpmFacts, 'unit' | 'master'>): boolean {
  const isUp = unit?.activeState === 'active' || unit?.activeState === 'reloading'
  return unit !== null && master !== null && !isUp && unit.mainPid <= 0
}
