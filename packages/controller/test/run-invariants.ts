/** What must hold for every run after every event, whatever the order in which the world answers; broken rules by name. */
import { hasEnded, type HostId, type Run } from '@fleetmend/shared'
import type { Command } from '../src/runs/command.ts'
import { failuresOf, hostsThatAre, standingOf } from '../src/runs/host-states.ts'
import { resume } from '../src/runs/resume.ts'
import type { RunEvent } from '../src/runs/run-event.ts'
import { canariesOf, gateOf, membersOf } from '../src/runs/waves.ts'

export function brokenInState(run: Run): readonly string[] {
  const atWork = hostsThatAre(run, 'in-flight')
  const waiting = hostsThatAre(run, 'waiting')
  const ended = hasEnded(run.state)
  const groupsAtWork = run.groups.filter((group) =>
    membersOf(run, group).some((host) => standingOf(host) === 'in-flight'),
  )
  return rules({
    'an ended run has no host at work, waiting or ahead':
      ended && run.hosts.some((host) => ['in-flight', 'waiting', 'ahead'].includes(standingOf(host))),
    'a run has an end exactly when it has ended': ended !== (run.endedAt !== null),
    'an applying run has a host at work': run.state === 'applying' && atWork.length === 0,
    'a halting run has a host at work, a reason, and nobody waiting':
      run.state === 'halting' && (atWork.length === 0 || run.stopping === null || waiting.length > 0),
    'a holding run has hosts waiting and none at work':
      run.state === 'holding' && (atWork.length > 0 || waiting.length === 0),
    'a host is at work only in a run that enough have signed, or one alone, or somebody in advance':
      atWork.length > 0 &&
      run.approvals.length < run.limits.approvalsNeeded &&
      run.breakGlass === null &&
      run.grant === null,
    'no more groups are at work than allowed': groupsAtWork.length > run.limits.groupsAtOnce,
    'no more hosts of a group are at work than its wave allows': groupsAtWork.some((group) => {
      const hosts = membersOf(run, group).filter((host) => standingOf(host) === 'in-flight')
      const canaries = canariesOf(run, group)
      return (
        hosts.length > Math.max(run.waves.batchHosts, run.waves.canaryHosts) ||
        (gateOf(run, group) !== 'open' && hosts.some((host) => !canaries.includes(host)))
      )
    }),
    'enough failures stop the run':
      failuresOf(run).length >= run.limits.stopAtFailures && ['applying', 'paused', 'holding'].includes(run.state),
    'every host at work is asked about after a restart': atWork.some(
      ({ id }) => !resume(run).some((command) => command.do === 'ask-host' && command.host === id),
    ),
    'nothing is told to apply after a restart without being asked first': resume(run).some(
      (command) => command.do === 'apply-host',
    ),
  })
}

export function brokenInStep(
  before: Run,
  event: RunEvent,
  after: Run,
  commands: readonly Command[],
): readonly string[] {
  const told = commands.flatMap((command) => (command.do === 'apply-host' ? [command.host] : []))
  const standing = (run: Run, id: HostId) => standingOf(run.hosts.find((host) => host.id === id)!)
  return rules({
    'what has an end keeps it': hasEnded(before.state) && before.state !== after.state,
    'a host is told to apply only when nothing was begun on it': told.some((id) => {
      const neverHeard = event.type === 'host-answered' && event.host === id && event.report === null
      return !['ahead', 'waiting'].includes(standing(before, id)) && !neverHeard
    }),
    'no host is told twice at once': new Set(told).size !== told.length,
    'what is done stays done': before.hosts.some(
      (host) => standingOf(host) === 'done' && standing(after, host.id) !== 'done',
    ),
    'the rest of a group is told only when its gate is open': after.groups.some((group) => {
      const canaries = canariesOf(after, group).map(({ id }) => id)
      return gateOf(after, group) !== 'open' && told.some((id) => group.hosts.includes(id) && !canaries.includes(id))
    }),
    'a run that stops tells nobody to apply': after.stopping !== null && told.length > 0,
    'a paused run tells nobody to apply': after.state === 'paused' && told.length > 0,
    'hosts are neither gained nor lost': before.hosts.length !== after.hosts.length,
  })
}

function rules(broken: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.keys(broken).filter((name) => broken[name])
}
