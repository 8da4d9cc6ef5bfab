/** A configuration file was edited, and what runs has not loaded it. */
import type { Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { lostByReload } from '../../judgement/upstream-obstacle.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { changedConfig } from '../changed-config.ts'
import { defineDiagnosis } from '../define.ts'

/** Loads are known to the second, so an edit within the same second counts as loaded. */
const graceMs = 1000

export const configNotLoaded = defineDiagnosis({
  id: 'config-not-loaded',
  title: 'An edited configuration is not loaded',
  role: 'risk',
  meaning:
    'A file was changed after PHP-FPM or nginx had last read it. Whatever the change was meant to do, it does not do yet; ' +
    'and it will come into force at a time that nobody chose, with the next reload, restart or reboot, together with what ' +
    'may be wrong with it.',
  judge: (facts) => [...facts.fpm.flatMap((service) => judgeFpm(facts, service)), ...judgeNginx(facts)],
})

function judgeFpm(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const { configModifiedMs, configTest, config } = service
  const loadedMs = latestLoad(service)
  if (configModifiedMs === null || loadedMs === null || configModifiedMs <= loadedMs + graceMs) return []
  // What is refused is said by config-latent-invalid, and must not be loaded.
  if (!configTest.ok || !configTest.value.passes || !config.ok || !isInUse(facts, service)) return []
  if (isWhatRuns(service)) return []
  const files = config.value.files.length
  return [
    {
      diagnosis: 'config-not-loaded',
      role: 'risk',
      subject: { kind: 'service', name: service.service },
      says: `The configuration of ${service.service} was edited at ${instantOf(configModifiedMs)} and has not been loaded since.`,
      evidence: [
        {
          source: `stat ${service.configPath} and what it includes`,
          says: `the newest of ${files === 1 ? 'one file' : `${files} files`} was changed`,
          at: instantOf(configModifiedMs),
        },
        { source: `log and status page of ${service.service}`, says: 'last loaded', at: instantOf(loadedMs) },
        ...changedConfig(service.service, service.lastGood).evidence,
      ],
      remediations: [{ id: 'reload-fpm', input: { service: service.service } }],
    },
  ]
}

/** Written anew, and with the same bytes: an edit that was taken back. */
function isWhatRuns({ lastGood }: Pick<FpmFacts, 'lastGood'>): boolean {
  return lastGood !== null && lastGood.isRunning && lastGood.differing.length === 0
}

/**
 * Only where the load itself was seen: the log tells of it until it is rotated away, the status page always. Then the start
 * of the service is all there is, and a reload since then would not be known.
 */
function latestLoad({ master, loadedAtMs, pools, log }: FpmFacts): number | null {
  const isSeen =
    pools.some(({ status }) => status.ok) || (log.ok && log.value.entries.some(({ event }) => event === 'ready'))
  return master && isSeen ? loadedAtMs : null
}

function judgeNginx(facts: HostFacts): readonly Finding[] {
  const { nginx, capacity } = facts
  const modifiedMs = capacity.nginx?.configModifiedMs ?? null
  const { loadedAtMs } = nginx
  if (!capacity.nginx || modifiedMs === null || loadedAtMs === null || modifiedMs <= loadedAtMs + graceMs) return []
  if (!nginx.configTest.ok || nginx.configTest.value.exitCode !== 0 || isWhatRuns(nginx)) return []
  return [
    {
      diagnosis: 'config-not-loaded',
      role: 'risk',
      subject: { kind: 'service', name: 'nginx' },
      says: `The configuration of nginx was edited at ${instantOf(modifiedMs)} and has not been loaded since.`,
      evidence: [
        {
          source: `stat ${capacity.nginx.configPath} and what it includes`,
          says: 'the newest file was changed',
          at: instantOf(modifiedMs),
        },
        { source: 'start of the workers of nginx', says: 'last loaded', at: instantOf(loadedAtMs) },
        ...changedConfig('nginx', nginx.lastGood).evidence,
      ],
      remediations: lostByReload(facts).length > 0 ? [] : [{ id: 'reload-nginx', input: {} }],
      withoutRemediation:
        'Read the change, then `nginx -t && nginx -s reload`, which loses no request; or put the file back as it was.',
    },
  ]
}
