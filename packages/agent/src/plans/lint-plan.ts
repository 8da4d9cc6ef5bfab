/** What every plan must keep to, whatever its remediations: looked at before anyone is shown it. */
import { readsConfig, type Plan } from '@fleetmend/shared'
import { nginxUnit } from '../readings/unit-properties.ts'

/** Files a plan may name, as the configuration names them; a link's target may lie elsewhere. */
const allowedRoots = [
  '/etc/php/',
  '/etc/php-fpm.d/',
  '/etc/php-fpm.conf',
  '/etc/opt/remi/',
  '/usr/local/etc/php-fpm',
  '/etc/nginx/',
  '/etc/systemd/system/',
  // Only for logs that a plan begins.
  '/etc/logrotate.d/fleetmend-',
]

interface Rule {
  readonly why: string
  broken(plan: Plan, named: readonly string[]): boolean
}

const rules: readonly Rule[] = [
  {
    why: 'it touches a file outside the allowed roots',
    broken: (_, named) =>
      named.some((path) => path.includes('/../') || !allowedRoots.some((root) => path.startsWith(root))),
  },
  {
    why: 'it changes one thing twice',
    broken: (plan) => {
      const things = plan.changes.map((change) =>
        change.of === 'unit-setting' ? `${change.service} ${change.setting}` : change.path,
      )
      return new Set(things).size < things.length
    },
  },
  {
    why: 'it opens a directory to more than passing through, or changes whose it is',
    broken: (plan) =>
      plan.changes.some((change) => {
        if (change.of !== 'directory') return false
        const { before, after } = change
        const added = Number.parseInt(after.mode, 8) ^ Number.parseInt(before.mode, 8)
        return (added & ~0o111) !== 0 || before.owner !== after.owner || before.group !== after.group
      }),
  },
  {
    why: 'it changes what systemd remembers of a unit whose state is not part of what must stay as it was',
    broken: (plan) =>
      plan.changes.some(
        (change) =>
          change.of === 'unit-setting' &&
          !plan.basis.exact.some((item) => item.of === 'unit' && item.service === change.service),
      ),
  },
  {
    why: 'it reloads, starts or restarts a service without a check that passed on the planned files',
    broken: (plan) =>
      plan.acts.some(
        (act) =>
          readsConfig(act) &&
          !plan.checks.some(
            (check) => check.when === 'planned' && check.check !== 'unit-file' && check.service === act.service,
          ),
      ),
  },
  {
    why: 'it reloads nginx in passing, and does not rest on its master, its files and a check of them',
    broken: ({ acts, basis, checks, disturbs }) =>
      acts.some((act) => act.act === 'reload-fpm' && act.reloadsNginx) &&
      !(
        checks.some(({ check, when }) => check === 'nginx-config' && when === 'planned') &&
        basis.exact.some((item) => item.of === 'master' && item.service === nginxUnit) &&
        basis.guards.some(({ guard }) => guard === 'nginx-loaded') &&
        disturbs.some((says) => says.includes('nginx'))
      ),
  },
  {
    why: 'it acts on one service twice',
    broken: (plan) => {
      const told = plan.acts.filter(readsConfig).map((act) => act.service)
      return new Set(told).size < told.length
    },
  },
  {
    why: 'it changes a unit file without telling systemd',
    broken: (plan, named) =>
      named.some((path) => path.startsWith('/etc/systemd/')) && !plan.acts.some((act) => act.act === 'daemon-reload'),
  },
  {
    why: 'it reloads or restarts a service and would not say what that disturbs',
    broken: (plan) =>
      plan.acts.some((act) => act.act === 'reload-fpm' || act.act === 'restart') && plan.disturbs.length === 0,
  },
  {
    why: 'a file it changes is not part of what must stay as it was',
    broken: (plan) =>
      plan.changes.some(
        (change) =>
          change.of !== 'unit-setting' &&
          !plan.basis.exact.some((item) => item.of === change.of && item.path === change.path),
      ),
  },
  { why: 'it does nothing', broken: (plan) => plan.changes.length === 0 && plan.acts.length === 0 },
]

/** The rules a plan breaks; empty: it may be shown. `named` are the paths as the configuration names them. */
export function lintPlan(plan: Plan, named: readonly string[]): readonly string[] {
  return rules.filter((rule) => rule.broken(plan, named)).map((rule) => rule.why)
}
