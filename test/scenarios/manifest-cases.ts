/** Files for containers as people write them, each folder of `manifests` with what is wrong in it; nothing where all is well. */
import { readdirSync } from 'node:fs'

export interface ManifestCase {
  /** Its folder. */
  readonly id: string
  readonly says: string
  /** Role and diagnosis, exactly these. */
  readonly finds: readonly `${'cause' | 'risk'} ${string}`[]
  readonly cannotTell?: RegExp
}

export const manifestCases: readonly ManifestCase[] = [
  {
    id: 'busy-pool-restarted',
    says: 'the liveness probe of nginx falls through to PHP, and nobody asks whether a pod is ready',
    finds: ['risk probe-too-aggressive', 'risk readiness-missing'],
  },
  { id: 'pod-as-it-should-be', says: 'liveness without PHP, readiness through it', finds: [] },
  { id: 'requests-end-in-time', says: 'FPM ends requests before the probe gives up', finds: [] },
  {
    id: 'one-miss-restarts',
    says: 'a liveness probe with one try',
    finds: ['risk probe-too-aggressive'],
  },
  {
    id: 'only-nginx-is-asked',
    says: 'a readiness probe that nginx answers alone',
    finds: ['risk readiness-missing'],
  },
  {
    id: 'autoheal-asks-php',
    says: 'a health check that waits for a worker, and a helper that restarts what fails it',
    finds: ['risk probe-too-aggressive'],
  },
  {
    id: 'paths-differ-in-pod',
    says: 'one volume at two paths in a pod',
    finds: ['cause script-filename-across-containers'],
  },
  {
    id: 'paths-differ-in-compose',
    says: 'a folder and its parent at two paths',
    finds: ['cause script-filename-across-containers'],
  },
  { id: 'compose-as-it-should-be', says: 'one folder at one path, by a merge key', finds: [] },
  {
    id: 'services-apart',
    says: 'two workloads that share a claim and meet through a Service, as `kubectl get -o json` prints them',
    finds: ['cause script-filename-across-containers'],
    cannotTell: /whether the liveness probe of container fpm .* waits for PHP/,
  },
]

/** Where a case's golden answer is kept, beside what is given. */
export const goldenAnswer = 'says.txt'

export function manifestFiles(id: string): readonly string[] {
  const folder = `test/scenarios/manifests/${id}`
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== goldenAnswer)
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted()
}
