/**
 * Whether a host that was acted on is better: what was to be cleared is clear, and no probe that passed before fails now
 * (DESIGN D8). Pure; the same eyes looked before and after.
 */
import type { CouldNotTell, Finding, HostDiagnosis, MayReturn, Role, SiteProbe, Subject } from '@fleetmend/shared'

export interface Before {
  readonly probes: readonly SiteProbe[]
  readonly couldNotTell: readonly CouldNotTell[]
  readonly clears: readonly { readonly diagnosis: string; readonly subject: Subject; readonly role: Role | null }[]
  /** Of a plan that takes back what had mended something. */
  readonly mayReturn?: MayReturn | undefined
}

export type After =
  | { readonly is: 'better'; readonly says: string }
  /** Clear, but a probe that failed before still fails for a reason that is not this plan's. */
  | { readonly is: 'still-failing'; readonly says: string }
  /** Something that could be told before cannot be told now: never a clean bill. */
  | { readonly is: 'unknown'; readonly says: string }
  | { readonly is: 'not-cleared'; readonly says: string }
  | { readonly is: 'worse'; readonly says: string }

export function judgeAfter(before: Before, after: HostDiagnosis): After {
  const worse = regressions(before, after.probes)
  if (worse.length > 0) return { is: 'worse', says: `What answered before fails now: ${worse.join('; ')}.` }
  const remaining = after.findings.filter((finding) => before.clears.some((clear) => isAbout(clear, finding)))
  if (remaining.length > 0)
    return { is: 'not-cleared', says: `Not cleared: ${remaining.map((each) => each.says).join(' ')}` }
  const failing = after.probes.filter((probe) => !probe.passed)
  if (failing.length > 0) return judgeFailing(before, after, failing)
  const unknown = newlyUnknown(before, after)
  if (unknown.length > 0)
    return { is: 'unknown', says: `Could not tell: ${unknown.map((each) => `${each.what} (${each.why})`).join('; ')}.` }
  const cleared = before.clears.map((clear) => `${clear.diagnosis} of ${clear.subject.name}`)
  return {
    is: 'better',
    says: `${cleared.length > 0 ? `Clear: ${cleared.join(', ')}.` : before.mayReturn ? 'Undone.' : 'Nothing was to be cleared.'} ${probesSay(after.probes)}`,
  }
}

type Asked = Pick<SiteProbe, 'site' | 'over' | 'upstream'>

/** One probe, before and after: the same site asked the same way. */
export function isSameProbe(a: Asked, b: Asked): boolean {
  return a.site === b.site && a.over === b.over && a.upstream === b.upstream
}

/** A probe that cannot be made any more counts as failing: silence is not an answer. */
function regressions({ probes, mayReturn }: Before, after: readonly SiteProbe[]): readonly string[] {
  return probes
    .filter((probe) => probe.passed)
    .flatMap((probe) => {
      const now = after.find((each) => isSameProbe(each, probe)) ?? (isOfPool(probe) ? inItsPlace(probe, after) : null)
      if (now?.passed || (!now && isOfPool(probe) && after.some((each) => !isOfPool(each)))) return []
      if (isExpected(mayReturn, probe, now)) return []
      return [`${probe.site}: ${now ? now.says : `it could not be asked over ${probe.over} any more`}`]
    })
}

/** It failed before what is taken back, or was not asked then, and is not asked again now. */
function isExpected(mayReturn: MayReturn | undefined, probe: SiteProbe, now: SiteProbe | null | undefined): boolean {
  const then = mayReturn?.probes.find((each) => isSameProbe(each, probe))?.before
  return then === 'failed' || (then === 'not-asked' && !now)
}

/** Pools are asked themselves only while nginx's configuration tells of no sites; later their sites are. */
function isOfPool({ site }: SiteProbe): boolean {
  return site.includes('/')
}

function inItsPlace({ upstream }: SiteProbe, after: readonly SiteProbe[]): SiteProbe | undefined {
  return after.find((each) => each.over === 'fastcgi' && each.upstream === upstream)
}

/**
 * A failing probe is not this plan's fault where another finding explains it, or where the plan never claimed to mend
 * what fails: it clears a risk, or nothing, or its site answers visitors while an address that they are not sent to is as
 * dead as it was.
 */
function judgeFailing(before: Before, after: HostDiagnosis, failing: readonly SiteProbe[]): After {
  const says = failing.map((probe) => `${probe.site}: ${probe.says}`).join('; ')
  if (before.mayReturn) return { is: 'still-failing', says: `Undone, and these fail, as was to be expected: ${says}.` }
  const causes = after.findings.filter((finding) => finding.role === 'cause')
  if (causes.length > 0)
    return {
      is: 'still-failing',
      says: `Clear, but still failing (${says}) because of something else: ${causes.map((each) => each.says).join(' ')}`,
    }
  const isBesides = (probe: SiteProbe) =>
    probe.over === 'fastcgi' &&
    before.probes.some((each) => isSameProbe(each, probe) && !each.passed) &&
    after.probes.some(({ site, over, passed }) => site === probe.site && over === 'http' && passed)
  if (before.clears.every((clear) => clear.role !== 'cause') || failing.every(isBesides))
    return { is: 'still-failing', says: `Clear, but as before these fail: ${says}.` }
  return { is: 'not-cleared', says: `Still failing, and nothing else explains it: ${says}.` }
}

function newlyUnknown(before: Before, after: HostDiagnosis): readonly CouldNotTell[] {
  return after.couldNotTell.filter((each) => !before.couldNotTell.some((known) => known.what === each.what))
}

function isAbout(clear: Before['clears'][number], finding: Finding): boolean {
  const { diagnosis, subject } = clear
  return (
    finding.diagnosis === diagnosis && finding.subject.kind === subject.kind && finding.subject.name === subject.name
  )
}

function probesSay(probes: readonly SiteProbe[]): string {
  if (probes.length === 0) return 'No site could be asked.'
  return probes.length === 1 ? 'The one probe passes.' : `All ${probes.length} probes pass.`
}
