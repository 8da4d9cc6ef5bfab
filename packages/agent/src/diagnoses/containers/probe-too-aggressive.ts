/** A liveness probe restarts containers that are only busy. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { askedOf, requestLimit, type Asked, type RequestLimit } from '../../judgement/probe-question.ts'
import type { Container, Probe, Workload } from '../../readings/manifests/workload.ts'
import { defineContainersDiagnosis } from '../define.ts'

export const probeTooAggressive = defineContainersDiagnosis({
  id: 'probe-too-aggressive',
  title: 'A liveness probe restarts what is only busy',
  role: 'risk',
  meaning:
    'A container is restarted when its liveness probe misses failureThreshold answers in a row, each waited for ' +
    'timeoutSeconds: by default after 21 seconds. A probe that PHP itself answers waits for a free worker like every ' +
    'visitor. When the pool is full of slow requests it misses, the restart kills all of them, and the other pods get ' +
    'the load until they go the same way. Liveness should ask what needs no worker: a connection to the port of ' +
    'PHP-FPM, a location with `return 200` of nginx. Whether PHP answers is for the readiness probe to ask. In compose ' +
    'files only the checks of containers that carry the label of autoheal are judged: compose itself restarts nothing.',
  judge: (workloads) =>
    workloads.flatMap((workload) =>
      workload.containers
        .filter(({ runsNginx, runsFpm }) => runsNginx || runsFpm)
        .flatMap((container) => judgeContainer(workload, container)),
    ),
})

function judgeContainer(workload: Workload, container: Container): readonly Finding[] {
  const { liveness, name } = container
  if (!liveness) return []
  const asked = askedOf(workload, container, liveness)
  const limit = requestLimit(workload.containers)
  const endureS = (liveness.failureThreshold - 1) * liveness.periodS + liveness.timeoutS
  const who = `Container ${name} of ${workload.subject}`
  if (asked.toPhp === 'yes' && (limit.limitS === null || limit.limitS > endureS)) {
    return [
      {
        ...base(workload),
        says:
          `${who} is restarted when no worker is free for ${seconds(endureS)}: PHP answers its ` +
          `${probeWord(workload)} (${asked.says}), and ${lengthOf(limit)}.`,
        evidence: [probeEvidence(workload, liveness, asked), ...routeEvidence(asked), limitEvidence(limit)],
        withoutRemediation: advice(workload, container),
      },
    ]
  }
  if (liveness.failureThreshold > 1) return []
  return [
    {
      ...base(workload),
      says: `${who} is restarted after a single answer that takes longer than ${seconds(liveness.timeoutS)}.`,
      evidence: [probeEvidence(workload, liveness, asked)],
      withoutRemediation:
        `Give it more than one try: \`${thresholdWord(workload)}: 3\` or more, and a timeout that a moment without ` +
        'processor time does not use up.',
    },
  ]
}

function lengthOf({ limitS, at }: RequestLimit): string {
  if (limitS !== null) return `a request may take ${limitS} s`
  return at === null ? 'nothing in these files ends a slow request' : 'a request may take as long as it likes'
}

/** Each in the words of its own files. */
function probeWord({ from }: Workload): string {
  return from === 'compose' ? 'health check' : 'liveness probe'
}

function thresholdWord({ from }: Workload): string {
  return from === 'compose' ? 'retries' : 'failureThreshold'
}

function base({ subject }: Workload): Pick<Finding, 'diagnosis' | 'role' | 'subject' | 'remediations'> {
  return {
    diagnosis: 'probe-too-aggressive',
    role: 'risk',
    subject: { kind: 'workload', name: subject },
    remediations: [],
  }
}

function seconds(value: number): string {
  return `${Math.round(value * 10) / 10} s`
}

function probeEvidence(
  workload: Workload,
  { at, failureThreshold, periodS, timeoutS }: Probe,
  { says }: Asked,
): Evidence {
  return {
    source: at,
    says: `${says}, every ${seconds(periodS)}, ${seconds(timeoutS)} to answer, ${thresholdWord(workload)} ${failureThreshold}`,
  }
}

function routeEvidence({ by }: Asked): readonly Evidence[] {
  return by ? [{ source: by.at, says: `${by.says} hands it to PHP` }] : []
}

function limitEvidence({ limitS, at }: RequestLimit): Evidence {
  if (at === null) return { source: 'the files given', says: 'no request_terminate_timeout of PHP-FPM in them' }
  return {
    source: at,
    says: limitS === null ? 'request_terminate_timeout = 0' : `request_terminate_timeout: ${limitS} s`,
  }
}

function advice({ from }: Workload, { runsNginx }: Container): string {
  const instead = runsNginx
    ? 'a location of nginx that needs no PHP (`location = /alive { return 200; }`)'
    : "a connection to FPM's port"
  return from === 'compose'
    ? `Let the check ask ${instead}, or take the label of autoheal off: a busy pool gets better by itself, a restarted one loses what it was doing.`
    : `Let liveness ask ${instead}${runsNginx ? '' : ' (`tcpSocket: {port: 9000}`)'}, and leave the question whether PHP answers to the readiness probe.`
}
