/**
 * Where everything in the agent's folder lies. Real bytes of configuration files exist only below `sealed/`, which only
 * its owner can enter.
 */
import { join } from 'node:path'

/** Where production keeps it. */
export const productionStateRoot = '/var/lib/fleetmend'

/** Below `sealed/`. */
export const identityFileName = 'identity.json'

export interface StatePaths {
  readonly root: string
  /** One public document a plan, secrets hidden. */
  readonly plans: string
  /** One folder an apply: its journal and the plan it carries out. */
  readonly applies: string
  /** A file a day; made by the first sample. */
  readonly samples: string
  /** The chain of what was asked of this host; made by the first record. */
  readonly audit: string
  readonly lock: string
  readonly sealed: string
  readonly sealedPlans: string
  readonly sealedApplies: string
  /** A folder a service; made when the first version is kept. */
  readonly lastGood: string
}

export function statePaths(root: string): StatePaths {
  const sealed = join(root, 'sealed')
  return {
    root,
    plans: join(root, 'plans'),
    applies: join(root, 'applies'),
    samples: join(root, 'samples'),
    audit: join(root, 'audit'),
    lock: join(root, 'lock'),
    sealed,
    sealedPlans: join(sealed, 'plans'),
    sealedApplies: join(sealed, 'applies'),
    lastGood: join(sealed, 'last-good'),
  }
}
