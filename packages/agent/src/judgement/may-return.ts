/**
 * What may be broken again once an apply is undone. Undoing brings back what was there before it, on purpose or not, so that
 * a site that failed then may fail then: putting the undo back for it would leave nobody a way to undo anything. Every other
 * probe that passes is a promise as with any plan: it must pass afterwards, or the undo itself is put back.
 */
import type { MayReturn, SiteProbe } from '@fleetmend/shared'
import type { HostFacts } from '../survey/host-facts.ts'
import type { AppliedFacts, BeforeApply } from '../survey/undo-facts.ts'
import { isSameProbe } from './judge-after.ts'
import { isWorse } from './worse.ts'

export function mayReturn(facts: HostFacts, { before }: Pick<AppliedFacts, 'before'>): MayReturn {
  if (before === null) return { findings: [], probes: [], visitorsFailed: false }
  const failed = before.probes.filter(({ passed }) => !passed)
  // An address that sites ask since the apply is asked no more when it is undone.
  const fresh = probesOf(facts).filter(
    (probe) => probe.passed && !before.probes.some((each) => isSameProbe(each, probe)),
  )
  return {
    findings: before.clears.flatMap(({ diagnosis, subject, role }) => (role === null ? [] : [{ diagnosis, subject }])),
    probes: [...failed.map((probe) => named(probe, 'failed')), ...fresh.map((probe) => named(probe, 'not-asked'))],
    visitorsFailed: visitorsFailed(before),
  }
}

/** What it mended in words, for whoever decides; null: nothing was seen to fail before it. */
export function failedBefore({ before }: Pick<AppliedFacts, 'before'>): string | null {
  if (before === null) return null
  const held = before.clears
    .filter(({ role }) => role === 'cause')
    .map((each) => `${each.diagnosis} on ${each.subject.name}`)
  const failed = before.probes.filter(({ passed }) => !passed).map(({ site, says }) => `${site}: ${says}`)
  const { requests, serverErrors } = before.traffic
  const visitors = isWorse(noErrors, before.traffic) ? [`${serverErrors} of ${requests} requests got 5xx`] : []
  const all = [...new Set([...held, ...failed, ...visitors])]
  if (all.length === 0) return null
  return all.length > namedAtMost
    ? `${all.slice(0, namedAtMost).join('; ')} and ${all.length - namedAtMost} more`
    : all.join('; ')
}

const namedAtMost = 6
const noErrors = { requests: 0, serverErrors: 0 }

function visitorsFailed({ clears, probes, traffic }: BeforeApply): boolean {
  return (
    clears.some(({ role }) => role === 'cause') || probes.some(({ passed }) => !passed) || isWorse(noErrors, traffic)
  )
}

function probesOf({ nginx, poolProbes }: HostFacts): readonly SiteProbe[] {
  const sites = [...(nginx.sites.ok ? nginx.sites.value : []), ...nginx.proxied]
  return [...sites.flatMap(({ probes }) => probes), ...poolProbes]
}

function named({ site, over, upstream }: SiteProbe, before: Probe['before']): Probe {
  return { site, over, ...(upstream === undefined ? {} : { upstream }), before }
}

type Probe = MayReturn['probes'][number]
