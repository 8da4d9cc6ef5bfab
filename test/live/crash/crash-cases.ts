/** A state for each remediation in which it has something to do: the table from which everything that can be cut off is made. */
import { killMaster, namesOf, type Host } from '../faults/host-kit.ts'

export interface CrashCase {
  readonly remediation: string
  /** As `--input` takes them. */
  readonly input: readonly string[]
  /** Brings a host there; left out: as shipped. */
  break?(host: Host): Promise<unknown>
}

const { unit } = namesOf('debian12')

/** The first has changes, a check and an act: what is the same for all is walked with it. */
export const crashCases: readonly CrashCase[] = [
  { remediation: 'tune-pool', input: [`pool=${unit}/www`, 'maxChildren=8'] },
  { remediation: 'restart-on-failure', input: [`service=${unit}`] },
  { remediation: 'reload-fpm', input: [`service=${unit}`] },
  { remediation: 'make-reload-graceful', input: [`service=${unit}`] },
  { remediation: 'start-service', input: [`service=${unit}`], break: killMaster },
]
