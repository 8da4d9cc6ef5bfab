/** What must hold for every run after every event, whatever the order in which the world answers; broken rules by name. */
import { hasEnded, shareOf, type ChangeGroup, type HostId, type Run, type RunHost } from '@fleetmend/shared'
import type { Command } from '../src/runs/command.ts'
import { hostsThatAre, standingOf } from '../src/runs/host-states.ts'
import { resume } from '../src/runs/resume.ts'
import type { RunEvent } from '../src/runs/run-event.ts'
import { whyStop } from '../src/runs/stop-rules.ts'
import { gateOf } from '../src/runs/gates.ts'
import { calledHosts, nextWaves } from '../src/runs/waves.ts'

export function brokenInState(run: Run): readonly string[] {
  const atWork = hostsThatAre(run, 'in-flight')
  const left = run.hosts.filter((host) => ['waiting', 'away'].includes(standingOf(host)))
  const called = calledHosts(run)
  const ended = hasEnded(run.state)
  const gates = run.groups.map((group) => gateOf(run, group))
  const groupsAtWork = run.groups.filter((group) =>
    membersOf(run, group).some((host) => standingOf(host) === 'in-flight'),
  )
  return rules({
    'an ended run has no host at work, left or ahead':
      ended && (atWork.length > 0 || left.length > 0 || hostsThatAre(run, 'ahead').length > 0),
    'a run has an end exactly when it has ended': ended !== (run.endedAt !== null),
    'an applying run has a host at work, or one that was called':
      run.state === 'applying' && atWork.length === 0 && called.length === 0,
    'a waiting run has nobody at work, and something that it waits for':
      run.state === 'waiting' &&
      (atWork.length > 0 || !(called.length > 0 || gates.includes('watched') || hostsThatAre(run, 'away').length > 0)),
    'a halting run has a host at work, a reason, and nobody left':
      run.state === 'halting' && (atWork.length === 0 || run.stopping === null || left.length > 0),
    'a holding run has a change that waits for a word, and nobody at work or called':
      run.state === 'holding' && (atWork.length > 0 || called.length > 0 || !gates.includes('held')),
    'a run that applies leaves no gate open':
      ['applying', 'waiting', 'holding'].includes(run.state) &&
      groupsAtWork.length < run.limits.groupsAtOnce &&
      nextWaves(run).length > 0,
    'only hosts that were called are held back': run.heldBack.some(({ hosts }) =>
      hosts.some((id) => run.hosts.find((host) => host.id === id)?.state !== 'waiting'),
    ),
    'a host is at work only in a run that enough have signed, or one alone, or somebody in advance':
      atWork.length > 0 &&
      run.approvals.length < run.limits.approvalsNeeded &&
      run.breakGlass === null &&
      run.grant === null,
    'no more hosts are at work than the run allows': atWork.length > (run.limits.hostsAtOnce ?? Infinity),
    'no more groups are at work than allowed': groupsAtWork.length > run.limits.groupsAtOnce,
    'no more hosts of a group are at work than its wave allows': groupsAtWork.some((group) => {
      const hosts = membersOf(run, group).filter((host) => standingOf(host) === 'in-flight')
      return hosts.length > mostAtOnce(run, group) || new Set(hosts.map(({ wave }) => wave)).size > 1
    }),
    'enough failures stop the run':
      ['applying', 'waiting', 'paused', 'holding'].includes(run.state) && whyStop(run) !== null,
    'every host at work is asked about after a restart': atWork.some(
      ({ id }) => !resume(run).some((command) => command.do === 'ask-host' && command.host === id),
    ),
    'nothing is told to apply after a restart without being asked first': resume(run).some(
      (command) => command.do === 'apply-host',
    ),
    'after a restart, somebody looks for room for whoever was called':
      ['applying', 'waiting'].includes(run.state) &&
      called.length > 0 &&
      !resume(run).some((command) => command.do === 'ask-room'),
  })
}

function mostAtOnce({ waves }: Run, { hosts }: ChangeGroup): number {
  const sizes = [waves.canaryHosts, waves.batchHosts, ...(waves.ramp ?? [])]
  return Math.max(...sizes.map((size) => shareOf(size, hosts.length)))
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
    'a host is told to apply only when there is room for it, and nothing was begun on it': told.some(
      (id) => event.type !== 'hosts-begun' || !event.hosts.includes(id) || standing(before, id) !== 'waiting',
    ),
    'whoever begins is told': event.type === 'hosts-begun' && event.hosts.some((id) => !told.includes(id)),
    'no host is told twice at once': new Set(told).size !== told.length,
    'what is done stays done': before.hosts.some(
      (host) => standingOf(host) === 'done' && standing(after, host.id) !== 'done',
    ),
    'a wave is called only when the one before it is over': after.groups.some((group) => {
      const now = membersOf(after, group).flatMap(({ id, wave }) => (wave === waveIn(before, id) ? [] : (wave ?? [])))
      const open = membersOf(after, group).filter(
        (host) => standingOf(host) === 'in-flight' || (standingOf(host) === 'waiting' && host.wave !== undefined),
      )
      return now.length > 0 && open.some(({ wave }) => wave !== Math.max(...now))
    }),
    'a run that stops tells nobody to apply': after.stopping !== null && told.length > 0,
    'a paused run tells nobody to apply': after.state === 'paused' && told.length > 0,
    'hosts are neither gained nor lost': before.hosts.length !== after.hosts.length,
  })
}

function membersOf(run: Run, group: ChangeGroup): readonly RunHost[] {
  return run.hosts.filter((host) => group.hosts.includes(host.id))
}

function waveIn(run: Run, id: HostId): number | undefined {
  return run.hosts.find((host) => host.id === id)?.wave
}

function rules(broken: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.keys(broken).filter((name) => broken[name])
}
