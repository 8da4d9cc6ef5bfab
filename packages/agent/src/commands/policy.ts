/** `fleetmend-agent policy`: what root on this host lets be done to it, by whom, and what holds back every apply now. */
import { exitCodes } from '@fleetmend/shared'
import { brakesOn, policyPath } from '../judgement/brakes.ts'
import { instantOf } from '../judgement/instant.ts'
import { readHostLimits } from '../policy/host-limits.ts'
import { pastApplies } from '../policy/past-applies.ts'
import { remediations } from '../remediations/registry.ts'
import { approversPath, readApproversFile, type ApproversRead } from '../serve/approvers-file.ts'
import { approversText } from '../views/approvers-text.ts'
import { policyExample } from '../views/policy-example.ts'
import { policyText } from '../views/policy-text.ts'
import { jsonOption, printJson, type Command } from './define.ts'
import { reportProblem } from './report-problem.ts'

export const policyCommand: Command = {
  name: 'policy',
  summary: 'Show what this host lets be done to it, who may approve, and what holds back every apply now.',
  usage: 'policy [--json] | policy --example   (a file to begin with)',
  options: { example: { type: 'boolean' }, ...jsonOption },
  words: { min: 0, max: 0 },

  async run(context) {
    const { host, streams, values } = context
    if (values['example']) {
      streams.out(policyExample())
      return exitCodes.done
    }
    const limits = await readHostLimits(host)
    if (!limits.ok) return reportProblem(streams, limits.problem)
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const nowMs = host.nowMs()
    const { policy, zone, frozen } = limits.value
    const brakes = brakesOn(null, limits.value, await pastApplies(state.value, nowMs), nowMs)
    const approvers = await readApproversFile(host)
    const unknown =
      policy.remediations === 'all'
        ? []
        : policy.remediations.filter((id) => !remediations.some((each) => each.id === id))
    const shown = { host: host.id, path: policyPath, isWritten: limits.isWritten, policy, zone, unknown, brakes, nowMs }
    if (values['json']) {
      const { nowMs: _, ...document } = shown
      const held = brakes.map(({ untilMs, ...brake }) => ({
        ...brake,
        until: untilMs === null ? null : instantOf(untilMs),
      }))
      printJson(streams, {
        format: 'fleetmend.policy/1',
        ...document,
        brakes: held,
        frozen,
        approvers: listed(approvers),
      })
    } else streams.out(`${policyText(shown, streams.paint)}\n${approversText(approvers, approversPath, streams.paint)}`)
    return exitCodes.done
  },
}

function listed(read: ApproversRead) {
  return read.ok ? { path: approversPath, ...read.value } : { path: approversPath, problem: read.problem }
}
