/** Pods count as ready before PHP answers in them. */
import type { Finding } from '@fleetmend/shared'
import { askedOf } from '../../judgement/probe-question.ts'
import type { Workload } from '../../readings/manifests/workload.ts'
import { defineContainersDiagnosis } from '../define.ts'

export const readinessMissing = defineContainersDiagnosis({
  id: 'readiness-missing',
  title: 'Pods get visitors before PHP answers',
  role: 'risk',
  meaning:
    'A pod without a readiness probe counts as ready as soon as its containers have started, and gets visitors before ' +
    'PHP-FPM listens: each rollout, each new pod and each restart answers some of them 502. The same holds where only ' +
    'nginx is asked, which is up long before PHP. One probe for the pod that goes through nginx into PHP is enough, or a ' +
    'connection to the port of PHP-FPM. Compose has no such thing and is not judged.',
  judge: (workloads) =>
    workloads.filter(({ from }) => from === 'kubernetes').flatMap((workload) => judgeWorkload(workload)),
})

function judgeWorkload(workload: Workload): readonly Finding[] {
  const serving = workload.containers.filter(({ runsNginx, runsFpm }) => runsNginx || runsFpm)
  const [first] = serving
  if (!first) return []
  const probes = serving.flatMap((container) =>
    container.readiness
      ? [{ container, probe: container.readiness, asked: askedOf(workload, container, container.readiness) }]
      : [],
  )
  if (probes.length === 0) {
    const led = workload.hostNames[0]
    return [
      {
        ...base(workload),
        says: `Pods of ${workload.subject} get visitors before ${serving.some(({ runsFpm }) => runsFpm) ? 'PHP-FPM' : 'nginx'} answers: no container has a readiness probe.`,
        evidence: [
          ...serving.map(({ at, name }) => ({ source: at, says: `container ${name} has no readinessProbe` })),
          ...(led === undefined ? [] : [{ source: workload.at, says: `the Service ${led} leads to its pods` }]),
        ],
        withoutRemediation: advice,
      },
    ]
  }
  const fpm = serving.find(({ runsFpm, runsNginx }) => runsFpm && !runsNginx)
  // A connection to FPM's port tells that it listens; any other answer of nginx alone does not.
  const isNginxAlone = probes.every(
    ({ container, asked }) => container.runsNginx && !container.runsFpm && asked.toPhp === 'no',
  )
  if (!fpm || !isNginxAlone) return []
  return [
    {
      ...base(workload),
      says: `Pods of ${workload.subject} count as ready while PHP-FPM is not: only nginx is asked (${probes.map(({ asked }) => asked.says).join(', ')}).`,
      evidence: [
        ...probes.map(({ container, probe, asked }) => ({
          source: probe.at,
          says: `readinessProbe of ${container.name}: ${asked.says}, which nginx answers without PHP`,
        })),
        { source: fpm.at, says: `container ${fpm.name} has no readinessProbe` },
      ],
      withoutRemediation: advice,
    },
  ]
}

function base({ subject }: Workload): Pick<Finding, 'diagnosis' | 'role' | 'subject' | 'remediations'> {
  return {
    diagnosis: 'readiness-missing',
    role: 'risk',
    subject: { kind: 'workload', name: subject },
    remediations: [],
  }
}

const advice =
  'Give the container of PHP-FPM a readinessProbe (`tcpSocket: {port: 9000}`), or that of nginx one whose path PHP answers ' +
  '(`httpGet: {path: /ready.php, port: 80}`).'
