/** The diagnosis of files for containers: Kubernetes objects, compose files, and the configurations that they mount. */
import { problem, type CouldNotTell, type FilesDiagnosis, type Problem } from '@fleetmend/shared'
import { containersDiagnoses } from './diagnoses/containers/containers-diagnoses.ts'
import { withAskedFpm } from './judgement/container-pairs.ts'
import { askedOf } from './judgement/probe-question.ts'
import { readGiven, type GivenFile } from './readings/manifests/given-files.ts'
import type { Workload } from './readings/manifests/workload.ts'
import { redactFinding, redactUnknown } from './redaction/host-redactor.ts'
import { redactProse } from './redaction/redact-prose.ts'
import { diagnosisPage } from './views/diagnosis-page.ts'

export type FilesAnswer =
  | { readonly ok: true; readonly value: FilesDiagnosis }
  | { readonly ok: false; readonly problem: Problem }

export function diagnoseFiles(files: readonly GivenFile[]): FilesAnswer {
  const given = readGiven(files)
  if (!given.ok) return { ok: false, problem: problem('bad-input', given.says) }
  const { ignored } = given
  const workloads = withAskedFpm(given.workloads)
  const roles = ['cause', 'consequence', 'risk', 'note']
  const findings = containersDiagnoses
    .flatMap((diagnosis) => diagnosis.judge(workloads))
    .toSorted((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role))
  const status = findings.some(({ role }) => role === 'cause') ? 'failing' : findings.length > 0 ? 'at-risk' : 'healthy'
  return {
    ok: true,
    value: {
      files: files.map(({ name }) => name),
      status,
      workloads: workloads.filter(isJudged).map(({ subject }) => subject),
      findings: findings.map((finding) => redactFinding(finding, redactProse)),
      couldNotTell: [
        ...ignored.map(({ at, why }) => ({ what: `what is wrong in ${at}`, why })),
        ...(workloads.some(isJudged) ? workloads.flatMap(unknownsOf) : [nobodyServes]),
      ].map((each) => redactUnknown(each, redactProse)),
    },
  }
}

/** The page of one of these diagnoses; null for an id that is none of them. */
export function filesDiagnosisPage(id: string): string | null {
  const diagnosis = containersDiagnoses.find((each) => each.id === id)
  return diagnosis ? diagnosisPage(diagnosis, []) : null
}

function isJudged({ containers }: Workload): boolean {
  return containers.some(({ runsNginx, runsFpm }) => runsNginx || runsFpm)
}

const nobodyServes: CouldNotTell = {
  what: 'what is wrong with nginx and PHP-FPM',
  why: 'no container of these files runs one of them, as far as images, commands and mounted configurations tell',
}

function unknownsOf(workload: Workload): readonly CouldNotTell[] {
  return workload.containers.flatMap((container): readonly CouldNotTell[] => {
    if (!container.runsNginx && !container.runsFpm) return []
    const { nginx, liveness, name } = container
    const where = `container ${name} of ${workload.subject}`
    return [
      ...(nginx && !nginx.reading.ok
        ? [
            {
              what: `where nginx sends requests in ${where}`,
              why: `${nginx.placeOf(nginx.reading.path, nginx.reading.line ?? 1)}: ${nginx.reading.says}`,
            },
          ]
        : []),
      ...(liveness && askedOf(workload, container, liveness).toPhp === 'unknown'
        ? [
            {
              what: `whether the liveness probe of ${where} waits for PHP`,
              why: `${liveness.at}: give nginx's configuration, too, if it is mounted, or see what answers ${askedOf(workload, container, liveness).says}`,
            },
          ]
        : []),
    ]
  })
}
