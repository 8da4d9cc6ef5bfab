/** An event in words, for people who follow a run or read its history. Pure. */
import { hostNames, type RunEventView, type RunStoryEvent } from '@fleetmend/shared'
import { hostOfEvent, personOfEvent, type RecordedEvent, type RunEvent } from './run-event.ts'

export function eventView({ sequence, run, at, event, previous, hash }: RecordedEvent): RunEventView {
  return {
    sequence,
    run,
    at,
    type: event.type,
    host: hostOfEvent(event),
    by: personOfEvent(event),
    says: saysOfEvent(event),
    previous,
    hash,
  }
}

export function storyEvent(recorded: RecordedEvent): RunStoryEvent {
  const { event } = recorded
  return { ...eventView(recorded), hosts: event.type === 'hosts-begun' ? event.hosts : [] }
}

export function saysOfEvent(event: RunEvent): string {
  switch (event.type) {
    case 'started':
      return `Asked ${event.hosts.length === 1 ? 'one host' : `${event.hosts.length} hosts`} for a plan: ${event.reason}`
    case 'host-planned':
      return `Would ${event.record.plan.remediations.map(({ id }) => id).join(', ')}.`
    case 'host-has-nothing-to-do':
      return event.because
    case 'host-refused-to-plan':
      return `${event.because} ${event.toDo}`
    case 'host-not-reached':
    case 'host-lost':
    case 'host-silent':
      return event.says
    case 'approval-asked':
      return `Waits for approval until ${event.manifest.notAfter}.`
    case 'approved':
      return `Approved with ${event.approval.fingerprint}.`
    case 'request-signed':
      return `Signed the request with ${event.request.fingerprint}.`
    case 'glass-broken':
      return `BREAK-GLASS, alone, with ${event.breakGlass.fingerprint}: ${event.breakGlass.reason}`
    case 'grant-presented':
      return `Presented ${event.grant.grant.id}, signed in advance: ${event.grant.grant.reason}`
    case 'denied':
      return `Denied: ${event.reason}`
    case 'apply-started':
      return 'Began to apply.'
    case 'host-applied':
      return outcomeOf(event.report)
    case 'host-refused-to-apply':
      return `${event.problem.title}: ${event.problem.detail}`
    case 'host-not-believed':
      return `${event.problem.title} (${event.problem.code}): ${event.problem.detail}`
    case 'host-answered':
      return event.report ? outcomeOf(event.report) : 'Its journal knows nothing of this plan.'
    case 'paused':
      return `Paused: ${event.reason}`
    case 'resumed':
      return 'Resumed.'
    case 'promoted':
      return 'Let the next hosts of a change follow.'
    case 'aborted':
      return `Aborted: ${event.reason}`
    case 'hosts-begun':
      return `Began on ${hostNames(event.hosts)}.`
    case 'held-back':
      return event.because.length === 0
        ? 'Nothing holds it back any more.'
        : event.because.map(({ hosts, says }) => `${hostNames(hosts)}: ${says}`).join(' ')
    case 'host-back':
      return 'It is back, and is called again.'
    case 'wave-watched':
      return event.unwell.length === 0
        ? 'The hosts that were changed are still well.'
        : event.unwell.map(({ host, says }) => `${host}: ${says}`).join(' ')
    case 'expired':
      return 'The approval, or the plans, became too old.'
  }
}

function outcomeOf({ outcome, verdict, problem }: Extract<RunEvent, { type: 'host-applied' }>['report']): string {
  const says = problem?.detail ?? verdict?.says
  return `${outcome ?? 'Not done yet'}${says === undefined ? '.' : `: ${says}`}`
}
