/** In which order and at which pace a run does its hosts, and what stops it, as sentences. */
import { safeLine, shareOf, shareText, zonedWindowText, type RunView, type WavePlan } from '@fleetmend/shared'

export function paceText(view: RunView): string {
  const { waves, limits, terms } = view.run
  const { stopAtFailures, stopAtUnreachable, stopAtRolledBack, hostsAtOnce, groupsAtOnce } = limits
  const changes = groupsAtOnce === 1 ? 'one change' : `${groupsAtOnce} changes`
  const stops = [
    stopAtFailures === 1 ? 'the first failure' : `${stopAtFailures} failures`,
    ...(stopAtUnreachable === undefined ? [] : [`${stopAtUnreachable} not reached`]),
    ...(stopAtRolledBack === undefined ? [] : [`${stopAtRolledBack} rolled back`]),
  ]
  const more = [
    ...othersWait(view),
    ...(hostsAtOnce === undefined ? [] : [`Never more than ${hostsAtOnce} at work.`]),
    ...(terms.windows ?? []).map((window) => `Begins ${zonedWindowText(window)}.`),
    ...(terms.deadline === undefined ? [] : [`Nothing begins from ${terms.deadline} on.`]),
    ...(terms.awaitHostsUntil === undefined ? [] : [`Waits for hosts that are away until ${terms.awaitHostsUntil}.`]),
  ]
  return [`At most ${changes} at a time; of each, ${wavesText(waves)}; stops at ${stops.join(', at ')}.`, ...more].join(
    ' ',
  )
}

/** Of a minute in which nothing seems to happen, people know before it begins. */
function othersWait({ run: { groups, waves }, plans }: RunView): readonly string[] {
  const waiting = groups.filter(({ hosts }) => {
    const canaries = shareOf(waves.canaryHosts, hosts.length)
    return canaries > 0 && canaries < hosts.length
  })
  const watchMs = Math.max(0, ...plans.map(({ plan }) => plan.watchMs))
  if (waiting.length === 0 || watchMs === 0) return []
  return [`The others begin once those were watched for ${Math.round(watchMs / 1000)} s (--watch).`]
}

/** What approvers sign of it. */
export function wavesText({ canaryHosts, canaryLabels, ramp = [], batchHosts, between }: WavePlan): string {
  const labels = canaryLabels === undefined ? '' : ` (${safeLine(canaryLabels)} where there are any)`
  const isNone = canaryHosts === 0 || canaryHosts === '0%'
  const first = isNone
    ? 'no canary'
    : `${canaryHosts === 1 ? 'one host' : `${shareText(canaryHosts)}${typeof canaryHosts === 'number' ? ' hosts' : ''}`} first${labels}`
  const sizes = [...ramp, batchHosts].map(shareText).join(', then ')
  const waits =
    between === undefined
      ? ''
      : between === 'promote'
        ? ', each wave when a person promotes it'
        : `, each wave once the one before was well for ${Math.round(between.wellForMs / 1000)} s`
  return `${first}, then ${sizes} at once${waits}`
}
