/** What every plan must keep to, whatever its remediations: looked at before anyone is shown it. */
import type { Plan } from '@fleetmend/shared'

/** Files a plan may name, as the configuration names them; a link's target may lie elsewhere. */
const allowedRoots = [
  '/etc/php/',
  '/etc/php-fpm.d/',
  '/etc/php-fpm.conf',
  '/etc/opt/remi/',
  '/usr/local/etc/php-fpm',
  '/etc/nginx/',
  '/etc/systemd/system/',
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
    why: 'it changes one file twice',
    broken: (plan) => new Set(plan.changes.map((change) => change.path)).size < plan.changes.length,
  },
  {
    why: 'it reloads or starts a service without a check that passed on the planned files',
    broken: (plan) =>
      plan.acts.some(
        (act) =>
          (act.act === 'reload-fpm' || act.act === 'start') &&
          !plan.checks.some(
            (check) => check.when === 'planned' && check.check === 'fpm-config' && check.service === act.service,
          ),
      ),
  },
  {
    why: 'it acts on one service twice',
    broken: (plan) => {
      const told = plan.acts.flatMap((act) => (act.act === 'start' || act.act === 'reload-fpm' ? [act.service] : []))
      return new Set(told).size < told.length
    },
  },
  {
    why: 'it changes a unit file without telling systemd',
    broken: (plan, named) =>
      named.some((path) => path.startsWith('/etc/systemd/')) && !plan.acts.some((act) => act.act === 'daemon-reload'),
  },
  {
    why: 'it reloads a service and would not say what that disturbs',
    broken: (plan) => plan.acts.some((act) => act.act === 'reload-fpm') && plan.disturbs.length === 0,
  },
  {
    why: 'a file it changes is not part of what must stay as it was',
    broken: (plan) =>
      plan.changes.some((change) => !plan.basis.exact.some((item) => item.of === 'file' && item.path === change.path)),
  },
  { why: 'it does nothing', broken: (plan) => plan.changes.length === 0 && plan.acts.length === 0 },
]

/** The rules a plan breaks; empty: it may be shown. `named` are the paths as the configuration names them. */
export function lintPlan(plan: Plan, named: readonly string[]): readonly string[] {
  return rules.filter((rule) => rule.broken(plan, named)).map((rule) => rule.why)
}
