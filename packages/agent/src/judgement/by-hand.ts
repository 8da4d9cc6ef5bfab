/**
 * What a person does to a PHP-FPM that systemd does not run: no apply can outlive its caller there (DESIGN D6), so that
 * findings carry steps in place of remediations.
 */
import type { Finding, SuggestedRemediation } from '@fleetmend/shared'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { poolFile } from './pool-file.ts'
import { settingSteps } from './settings-by-hand.ts'
import { isStoodInFor } from './unit-service.ts'

/** The same finding, with what can be done to its services on this host; its own steps are for where nothing can. */
export function asCanBeDone(facts: HostFacts, finding: Finding): Finding {
  if (finding.remediations.length === 0) return finding
  const { withoutRemediation, ...rest } = finding
  const ours = finding.remediations.filter((each) => canCarryOut(facts, finding, each))
  if (ours.length > 0) return { ...rest, remediations: ours }
  const service = facts.fpm.find((each) => each.service === finding.subject.name.split('/')[0])
  const steps = service ? finding.remediations.map((each) => stepsOf(facts, service, each)) : []
  return {
    ...rest,
    remediations: [],
    withoutRemediation:
      withoutRemediation ?? ([...new Set(steps)].join(' ') || 'Nothing of it is run by systemd here.'),
  }
}

/** A remediation of nginx is about nginx alone, and any other about the service that its input or its finding names. */
function canCarryOut(facts: HostFacts, { subject }: Finding, { id, input }: SuggestedRemediation): boolean {
  const named = String(input['service'] ?? input['pool'] ?? subject.name).split('/')[0]
  if (ofNginx.has(id) || named === 'nginx') return isNginxManaged(facts)
  if (id === 'align-timeouts' && !isNginxManaged(facts)) return false
  const service = facts.fpm.find((each) => each.service === named)
  return !service || isManaged(service)
}

const ofNginx: ReadonlySet<string> = new Set([
  'add-upstream-log',
  'align-upstream',
  'disable-fastcgi-keepalive',
  'fix-script-filename',
  'raise-header-buffers',
  'reload-nginx',
])

/** Whether systemd can start and reload nginx. */
export function isNginxManaged({ nginx: { unit, master } }: HostFacts): boolean {
  return unit !== null && (master === null || unit.mainPid === master.pid)
}

/** Whether systemd can start, restart and reload what runs. */
export function isManaged(service: FpmFacts): boolean {
  return service.unit !== null && !isStoodInFor(service)
}

function stepsOf(facts: HostFacts, service: FpmFacts, remediation: SuggestedRemediation): string {
  const { configPath } = service
  const { id, input } = remediation
  switch (id) {
    case 'start-service':
      return `Start it: ${startSteps(service)}.`
    case 'restart-on-failure':
      return (
        'Let what starts it bring it back when it dies: `restart: unless-stopped` of a container, `autorestart=true` of ' +
        'supervisord, a unit of systemd with Restart=on-failure.'
      )
    case 'reload-fpm':
      return `Let it read its files: ${reloadSteps(service)}.`
    case 'make-reload-graceful':
      return `Set \`process_control_timeout = 10s\` in [global] of ${configPath}, then ${reloadSteps(service)}; it holds from the second reload on.`
    case 'restore-config':
      return `Put the files back as the diff shows them, see that \`${service.binary} -t\` passes, then ${service.master ? reloadSteps(service) : `start it ${startSteps(service)}`}.`
    case 'tune-pool':
      return tuneSteps(service, String(input['pool'] ?? ''))
    default:
      return (
        settingSteps(facts, service, remediation, reloadSteps(service)) ??
        `See \`fleetmend-agent plan --explain ${id}\`: by hand.`
      )
  }
}

function tuneSteps(service: FpmFacts, subject: string): string {
  const pool = service.pools.find((each) => each.subject === subject)
  const file = pool ? poolFile(service, pool) : service.configPath
  return (
    `See how many workers memory holds (\`fleetmend-agent plan tune-pool --input pool=${subject}\` shows the arithmetic and ` +
    `the lines), set pm.max_children in ${file}, then ${reloadSteps(service)}.`
  )
}

/** How it is started, without knowing who did last. */
export function startSteps({ service, unit, binary, configPath }: FpmFacts): string {
  return unit
    ? `\`fleetmend-agent plan start-service --input service=${service}\`, or \`systemctl reset-failed ${service} && systemctl start ${service}\``
    : `with what runs it here (its init script, its supervisor, its container), or \`${binary} --daemonize --fpm-config ${configPath}\``
}

/** USR2 kills what is in flight where process_control_timeout is 0, and the master where a file is refused. */
export function reloadSteps(service: FpmFacts): string {
  const { master, binary, configPath } = service
  if (isManaged(service)) return `\`fleetmend-agent plan reload-fpm --input service=${service.service}\``
  const signal = `\`${binary} -F -O -t -y ${configPath} && kill -USR2 ${master?.pid ?? 'PID'}\``
  return `${signal} (requests in flight are lost where process_control_timeout is 0)`
}

/** How a stop and a start are done, and what they cost. */
export function restartSteps(service: FpmFacts): string {
  const cost = 'requests in flight are lost; a reload does not help, it keeps the old socket'
  if (isManaged(service)) return `\`systemctl restart ${service.service}\` (${cost})`
  const { pid, parentPid } = service.master ?? {}
  // The end of PID 1 is the end of its container.
  if (pid === 1) return `restart its container (${cost})`
  return parentPid === 1 && pid !== undefined
    ? `\`kill -QUIT ${pid}\`, and start it ${startSteps({ ...service, unit: null })} (${cost})`
    : `restart it with what runs it (${cost})`
}
