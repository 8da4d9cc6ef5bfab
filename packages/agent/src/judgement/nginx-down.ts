/** Whether nginx is down though it is meant to serve, and the words for where its configuration is refused. */
import { forPeople } from '../readings/bytes.ts'
import { readNginxConfigErrors } from '../readings/nginx-config-errors.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { isBetweenStarts } from './stop-story.ts'

/** Whether an nginx that should run does not; one that is off and missed by nobody is none. */
export function isNginxDown({ nginx }: HostFacts): boolean {
  const { unit, master, pidFile } = nginx
  if (master) return false
  // What was killed has left its pid file: it was meant to run. Whoever ends it cleanly may have had a reason.
  if (!unit) return pidFile !== null || isMissed(nginx)
  if (unit.activeState === 'active' || unit.activeState === 'reloading') return false
  // systemd is at it this moment, for the first time.
  if (unit.activeState === 'activating' && !isBetweenStarts(nginx)) return false
  return unit.unitFileState.startsWith('enabled') || isMissed(nginx)
}

/** How nginx is started here. */
export function startsNginx({ nginx }: HostFacts): string {
  return nginx.unit ? 'systemctl start nginx' : 'nginx'
}

/** Nobody else answers in its place, as another web server would. */
function isMissed({ sites }: HostFacts['nginx']): boolean {
  if (!sites.ok) return false
  const asked = sites.value.flatMap(({ probes }) => probes).filter(({ over }) => over === 'http')
  return asked.length > 0 && asked.every(({ passed, status }) => !passed && status === undefined)
}

/** What `nginx -t` complains of first, with its place; null when it passes or could not be run. */
export function nginxRefusal({ nginx }: HostFacts): { readonly says: string; readonly at: string | null } | null {
  const { configTest } = nginx
  if (!configTest.ok || configTest.value.passes) return null
  const [error] = readNginxConfigErrors(configTest.value.says.join('\n'))
  if (!error) return { says: 'nginx refuses what is on disk without a reason', at: null }
  const at = error.path === null ? null : `${forPeople(error.path)}:${error.line}`
  return { says: forPeople(error.says), at }
}
