/** What every remediation that edits nginx has in common: what it needs, how a directive is set, checks, the act. */
import { nginxUnit, type UnitProperties } from '../readings/unit-properties.ts'
import type { Act, BasisItem, Check } from '@fleetmend/shared'
import { insertBeside, insertDirective, setArgument } from '../readings/nginx-config-edit.ts'
import type { NginxConfig, NginxDirective } from '../readings/nginx-config.ts'
import { effectiveDirectives, type NginxLevels } from '../readings/nginx-inheritance.ts'
import { instantOf } from '../judgement/instant.ts'
import { unloadedSince } from '../judgement/unloaded-nginx.ts'
import { lostByReload } from '../judgement/upstream-obstacle.ts'
import { plain, sitesInWords } from '../judgement/upstream-words.ts'
import type { ProcessFacts } from '../host/host.ts'
import type { HostFacts, NginxFacts } from '../survey/host-facts.ts'
import type { Drafted, FileEdit } from './define.ts'
import { refused, type Found as FoundIn } from './service-input.ts'

export interface EditableNginx extends NginxFacts {
  readonly config: { readonly ok: true; readonly value: NginxConfig }
  readonly master: ProcessFacts
}

type Found =
  | { readonly ok: true; readonly value: EditableNginx }
  | { readonly ok: false; readonly refused: Extract<Drafted, { kind: 'refused' }> }

export interface ManagedNginx extends NginxFacts {
  readonly unit: UnitProperties
}

/** An nginx that systemd runs or would run, whatever it makes of its files. */
export function findManagedNginx({ nginx }: HostFacts): FoundIn<ManagedNginx> {
  const { unit, master } = nginx
  if (unit === null || (master !== null && unit.mainPid !== master.pid))
    return {
      ok: false,
      refused: refused(
        'No unit of systemd runs nginx, so that Fleetmend changes nothing there.',
        'What was changed, and how to put it back, stands in the findings: `fleetmend-agent diagnose`.',
      ),
    }
  return { ok: true, value: { ...nginx, unit } }
}

/** An nginx that systemd runs, and whose files it accepts as they are: what any edit of them begins with. */
export function findEditableNginx({ nginx }: HostFacts): Found {
  const no = (because: string, toDo: string): Found => ({ ok: false, refused: refused(because, toDo) })
  const { config, configTest, master, unit, binary } = nginx
  if (!config.ok)
    return no(
      `nginx's configuration could not be read: ${config.says}.`,
      'Make it readable for root, or correct the line it names, and plan again.',
    )
  if (!master)
    return no('nginx is not running, so that it has nothing to reload.', 'Start it: `systemctl start nginx`.')
  if (unit?.mainPid !== master.pid)
    return no(
      `No unit of systemd runs nginx (process ${master.pid}), so that Fleetmend changes nothing there.`,
      `Make the change by hand, then \`${binary} -t && kill -HUP ${master.pid}\`. What to change stands in the findings.`,
    )
  if (configTest.ok && !configTest.value.passes)
    return no(
      'nginx refuses the files on disk as they are, so that it could not load a change of them.',
      `See what it says: \`${binary} -t\`, correct that first, and plan again.`,
    )
  return { ok: true, value: { ...nginx, config, master } }
}

/**
 * One that may also be reloaded for something else than its way to PHP: what else was edited comes into force as well, and
 * must not take a site's address away. A rollback would put our own file back, and not that.
 */
export function findReloadableNginx(facts: HostFacts): Found {
  const found = findEditableNginx(facts)
  const [lost] = found.ok ? lostByReload(facts) : []
  if (!lost) return found
  return {
    ok: false,
    refused: refused(
      `A reload of nginx would load what else was edited, and ${sitesInWords(lost.passes)} would then ask for PHP at ${plain(lost.upstream.address)}, where it gets no answer.`,
      'Mend that first; the finding says how: `fleetmend-agent diagnose`.',
    ),
  }
}

export interface NginxParts {
  readonly checks: readonly Check[]
  readonly acts: readonly Act[]
  readonly disturbs: readonly string[]
  readonly basis: readonly BasisItem[]
  readonly forecast: readonly string[]
}

/** A reload of nginx loses nothing: old workers finish what they have (reference E.9). */
export function nginxParts({ master, workerPids }: EditableNginx): NginxParts {
  const check = { check: 'nginx-config', service: nginxUnit } as const
  return {
    checks: [
      { when: 'planned', ...check },
      { when: 'live', ...check },
    ],
    acts: [{ act: 'reload-nginx', service: nginxUnit }],
    disturbs: [],
    basis: [{ of: 'master', service: nginxUnit, pid: master.pid, startTicks: master.startTicks }],
    forecast: [`${workerPids.length} workers of nginx will be replaced; each ends with its last request`],
  }
}

/** A place of the configuration: what stands at each level on the way to it, and the block in which it is. */
export interface NginxPlace {
  readonly levels: NginxLevels
  readonly directive: NginxDirective
}

export interface NginxEdit {
  readonly edits: readonly FileEdit[]
  /** Where it is written, for people: FILE:LINE. */
  readonly at: string
  /** Other servers for which the change holds as well. */
  readonly warnings: readonly string[]
}

/**
 * Makes `name args…` hold at a place: the occurrence that counts there is changed where it stands; without one, a line is
 * added to the block of the place.
 */
export function setNginxDirective(
  config: NginxConfig,
  place: NginxPlace,
  name: string,
  args: readonly string[],
): NginxEdit {
  const current = effectiveDirectives(place.levels, name).at(-1)
  return current?.argSpans.length === args.length
    ? changeArguments(config, current, args)
    : addDirective(config, place.directive, name, args)
}

/** One that is there already, wherever it stands; as many arguments as it has. */
export function changeArguments(config: NginxConfig, directive: NginxDirective, args: readonly string[]): NginxEdit {
  const splices = args.flatMap((arg, i) => (directive.args[i] === arg ? [] : [setArgument(directive, i, arg)]))
  return {
    edits: splices.length === 0 ? [] : [{ edit: 'splice', path: directive.path, splices }],
    at: placeOf(directive),
    warnings: sharedWith(config, directive),
  }
}

export function addDirective(
  config: NginxConfig,
  block: NginxDirective,
  name: string,
  args: readonly string[],
): NginxEdit {
  return added(config, block, insertDirective(config, block, name, args))
}

/** Beside one that is there: it holds wherever that does. */
export function addBeside(
  config: NginxConfig,
  directive: NginxDirective,
  name: string,
  args: readonly string[],
): NginxEdit {
  return added(config, directive, insertBeside(config, directive, name, args))
}

function added(
  config: NginxConfig,
  at: NginxDirective,
  { path, splice }: ReturnType<typeof insertDirective>,
): NginxEdit {
  return { edits: [{ edit: 'splice', path, splices: [splice] }], at: placeOf(at), warnings: sharedWith(config, at) }
}

/** A reload loads all of it, also what is not ours and what a rollback would not take back. */
export function alsoLoads(facts: HostFacts): readonly string[] {
  const editedMs = unloadedSince(facts)
  return editedMs === null
    ? []
    : [
        `nginx has not loaded what was edited at ${instantOf(editedMs)}: that comes into force as well, and a rollback does not take it back.`,
      ]
}

/** Edits of one draft as one: what two places share is changed once. */
export function together(facts: HostFacts, edits: readonly NginxEdit[]): Pick<NginxEdit, 'edits' | 'warnings'> {
  const files = edits.flatMap((each) => each.edits)
  return {
    edits: [...new Map(files.map((edit) => [JSON.stringify(edit), edit])).values()],
    warnings: [...alsoLoads(facts), ...new Set(edits.flatMap((each) => each.warnings))],
  }
}

export function placeOf({ path, line }: NginxDirective): string {
  return `${path}:${line}`
}

/** What stands in `http`, and what stands in a file that several servers include, holds for more than one of them. */
function sharedWith(config: NginxConfig, directive: NginxDirective): readonly string[] {
  const servers = serversUnder(config, directive)
  if (servers.length < 2) return []
  const names = [...new Set(servers.map(nameOf))]
  const shown = names.slice(0, shownNames).join(', ')
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : ''
  return [`What stands at ${placeOf(directive)} holds for ${servers.length} servers: ${shown}${more}.`]
}

const shownNames = 5

function serversUnder(config: NginxConfig, directive: NginxDirective): readonly NginxDirective[] {
  return config.directives
    .filter(({ name }) => name === 'http')
    .flatMap(({ block }) => {
      const servers = (block ?? []).filter(({ name }) => name === 'server')
      const groups = (block ?? []).filter(({ name, block: inside }) => name === 'upstream' && holds(inside, directive))
      if (groups.length > 0)
        return servers.filter((server) => groups.some(({ args }) => passesTo(server.block ?? [], args[0] ?? '')))
      const isInherited = (block ?? []).some((each) => isSame(each, directive))
      return isInherited
        ? servers
        : servers.filter((server) => isSame(server, directive) || holds(server.block, directive))
    })
}

function holds(block: readonly NginxDirective[] | null, directive: NginxDirective): boolean {
  return (block ?? []).some((each) => isSame(each, directive) || holds(each.block, directive))
}

function passesTo(block: readonly NginxDirective[], group: string): boolean {
  return block.some(
    ({ name, args, block: inside }) =>
      (name.endsWith('_pass') && args[0]?.replace(/^https?:\/\//, '').toLowerCase() === group.toLowerCase()) ||
      passesTo(inside ?? [], group),
  )
}

/** A file that is included twice gives its directives twice. */
function isSame(a: NginxDirective, b: NginxDirective): boolean {
  return a.path === b.path && a.span.start === b.span.start
}

function nameOf(server: NginxDirective): string {
  return server.block?.find(({ name }) => name === 'server_name')?.args[0] ?? placeOf(server)
}
