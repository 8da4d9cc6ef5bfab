/** What became of plans that were carried out without a controller, the ones to look at first. Pure. */
import { applyBody, outcomePaint, outcomeWords, safeLine, type ApplyReport, type Paint } from '@fleetmend/shared'
import { indented } from './indented.ts'

export type HostApplied = { readonly name: string } & (
  | { readonly is: 'applied'; readonly report: ApplyReport }
  | { readonly is: 'refused'; readonly problem: { readonly title: string; readonly detail: string } }
  | { readonly is: 'not-begun' }
)

export function appliedHostsText(hosts: readonly HostApplied[], paint: Paint): string {
  const isGood = (host: HostApplied): number => Number(host.is === 'applied' && host.report.outcome === 'fixed')
  return hosts
    .toSorted((a, b) => isGood(a) - isGood(b))
    .map((host) => `${paint.bold(safeLine(host.name))}  ${became(host, paint)}`)
    .join('\n')
}

function became(host: HostApplied, paint: Paint): string {
  if (host.is === 'not-begun') return `${paint.yellow('left alone')}\n  Enough others had failed.\n`
  if (host.is === 'refused') return `${paint.red(host.problem.title)}\n${indented(host.problem.detail)}\n`
  const { outcome, apply } = host.report
  if (outcome === null) return `${paint.yellow('not ended')}  ${paint.dim(apply)}\n`
  return `${outcomePaint(outcome, paint)(outcomeWords[outcome])}  ${paint.dim(apply)}\n${applyBody(host.report, paint)}`
}
