/** Put the files of a service back as they were when they were last loaded and good, and let it run with them again. */
import type { Act } from '@fleetmend/shared'
import * as z from 'zod/mini'
import { changeSays, differingFiles } from '../judgement/config-change.ts'
import { instantOf } from '../judgement/instant.ts'
import { startObstacle } from '../judgement/start-obstacle.ts'
import { forPeople } from '../readings/bytes.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import type { DifferingFile } from '../survey/last-good-facts.ts'
import { defineRemediation, type Drafted, type FileEdit } from './define.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import { findManagedNginx } from './nginx-parts.ts'
import { defaultDeadlineMs, refusedForNginx, reloadParts, type ReloadParts } from './reload-parts.ts'
import { bothChecks, findManaged, type Found, refused, type Refused } from './service-input.ts'
import { startWithFiles } from './start-service.ts'
import { startedServiceInput, unitBasis } from './started-service.ts'

export const restoreConfig = defineRemediation({
  id: 'restore-config',
  title: 'Put the last good configuration back',
  meaning:
    'The agent keeps the last configurations of each service that were loaded and passed their test. When an edit broke ' +
    'the service, this puts back every file that is not as it was: edited ones, ones that have appeared, ones that are ' +
    'gone. The whole is tested before anything is written. A service that is down because of it is started, one that ' +
    'has loaded other files since is reloaded; one that somebody stopped stays down. It is the only remediation that may ' +
    'change a line which nobody is shown, because a secret may stand there; the diff says "changed, hidden".',
  disturbs:
    'Nothing while the service is down, or where it never loaded the edited files. PHP-FPM that did is reloaded: new ' +
    'requests wait until the slowest one in flight is done.',
  undone: 'The edited files come back, byte for byte. A service that was down before is left as it is found.',
  clears: [
    'fpm-config-invalid',
    'fpm-cannot-start',
    'config-latent-invalid',
    'config-not-loaded',
    'nginx-config-invalid',
  ],
  byHand: 'Take the edit back, see that `php-fpm8.2 -t` or `nginx -t` passes, then start or reload the service.',
  input: z.strictObject({
    service: startedServiceInput,
  }),

  draft(facts, { service }) {
    const found = service === nginxUnit ? findNginx(facts) : findFpm(facts, service)
    if (!found.ok) return found.refused
    const { lastGood, clears, checks, acts, disturbs, basis, guards, warnings, cannotReload } = found.value
    const says = changeSays(lastGood)
    if (lastGood === null) return nothingKept(found.value)
    if (says === null)
      return {
        kind: 'nothing-to-do',
        because: `The files of ${service} are as they were when it last loaded them, at ${instantOf(lastGood.loadedAtMs)}.`,
      }
    const steps = lastGood.differing.flatMap((file) => linkSteps(file))
    if (steps.length > 0)
      return refused(
        `A link of the configuration of ${service} is not as it was, and only files are put back.`,
        `By hand: ${steps.map((step) => `\`${step}\``).join(', ')}. Then plan again.`,
      )
    if (cannotReload) return cannotReload
    const files = differingFiles(lastGood)
    return {
      kind: 'draft',
      because: `${sentence(says)}.`,
      arithmetic: [],
      edits: files.map(editOf),
      ...{ checks, acts, disturbs, basis, guards },
      clears: clears.map((diagnosis) => ({ diagnosis, subject: { kind: 'service', name: service } })),
      warnings: [
        'What the edit was meant to do is undone, too: agree with whoever made it.',
        ...files.flatMap(notOfRoot),
        ...warnings,
      ],
      forecast: [],
    }
  },
})

interface Restorable extends Omit<ReloadParts, 'forecast'> {
  readonly service: string
  readonly lastGood: FpmFacts['lastGood']
  /** It runs with what is on disk, and that passes. */
  readonly isFine: boolean
  /** Those that hold now. */
  readonly clears: readonly string[]
  readonly warnings: readonly string[]
  /** Why a reload that it needs cannot be lossless. */
  readonly cannotReload?: Refused | null
}

function findFpm(facts: HostFacts, name: string): Found<Restorable> {
  const found = findManaged(facts, name)
  if (!found.ok) return found
  const { value: service } = found
  const { lastGood, master, configModifiedMs, loadedAtMs } = service
  const isRefused = service.configTest.ok && !service.configTest.value.passes
  const base = {
    ...{
      service: name,
      lastGood,
      clears: clearedOf(service, isRefused),
      warnings: [],
      acts: [],
      disturbs: [],
      guards: [],
    },
    isFine: master !== null && !isRefused && !isNewer(configModifiedMs, loadedAtMs),
    checks: bothChecks('fpm-config', name),
  }
  if (master === null)
    return { ok: true, value: { ...base, ...startWithFiles(facts, service), basis: [unitBasis(service)] } }
  const { basis, ...parts } = reloadParts(facts, service, defaultDeadlineMs, true)
  if (lastGood?.isRunning) return { ok: true, value: { ...base, basis } }
  return { ok: true, value: { ...base, ...parts, basis, cannotReload: refusedForNginx(facts, service) } }
}

function findNginx(facts: HostFacts): Found<Restorable> {
  const found = findManagedNginx(facts)
  if (!found.ok) return found
  const { unit, master, journal, lastGood, configTest, loadedAtMs } = found.value
  const service = { service: nginxUnit, unit, journal }
  const isRefused = configTest.ok && !configTest.value.passes
  const base = {
    ...{ service: nginxUnit, lastGood, warnings: [], acts: [], disturbs: [], guards: [] },
    isFine: master !== null && !isRefused && !isNewer(facts.capacity.nginx?.configModifiedMs ?? null, loadedAtMs),
    clears: isRefused ? ['nginx-config-invalid'] : master ? ['config-not-loaded'] : [],
    checks: bothChecks('nginx-config', nginxUnit),
  }
  if (master === null)
    return { ok: true, value: { ...base, ...startWithFiles(facts, service), basis: [unitBasis(service)] } }
  const { pid, startTicks } = master
  const acts: readonly Act[] = lastGood?.isRunning ? [] : [{ act: 'reload-nginx', service: nginxUnit }]
  return { ok: true, value: { ...base, acts, basis: [{ of: 'master', service: nginxUnit, pid, startTicks }] } }
}

function isNewer(modifiedMs: number | null, loadedAtMs: number | null): boolean {
  return modifiedMs !== null && loadedAtMs !== null && modifiedMs > loadedAtMs
}

function clearedOf(service: FpmFacts, isRefused: boolean): readonly string[] {
  if (service.master) return [isRefused ? 'config-latent-invalid' : 'config-not-loaded']
  if (startObstacle(service)) return ['fpm-cannot-start']
  return isRefused ? ['fpm-config-invalid'] : []
}

function nothingKept({ service, isFine }: Restorable): Drafted {
  return isFine
    ? refused(
        `${service} has loaded the files that are there, and they pass their test: nothing broke that could be put back.`,
        'To take an edit back all the same, edit the file and reload.',
      )
    : refused(
        `No configuration of ${service} was kept that it had loaded and that passed its test.`,
        'One is kept once `fleetmend-agent serve` runs beside a healthy service; now, take the edit back by hand.',
      )
}

/** Bytes go where they are, which a link leads to; owner, mode and all else of an existing file stay as they are. */
function editOf({ path, leadsTo, good, now, was }: DifferingFile): FileEdit {
  if (now !== null) return { edit: 'replace', path, before: now, after: good }
  return { edit: 'create', path: leadsTo ?? path, text: good ?? '', mode: was?.mode ?? 0o644 }
}

/** Commands for what a plan cannot do: it changes files, not where links lead. */
function linkSteps({ path, leadsTo, good, was }: DifferingFile): readonly string[] {
  const named = forPeople(path)
  if (good === null) return leadsTo === null ? [] : [`rm ${named}`]
  if ((was?.leadsTo ?? null) === leadsTo) return []
  return was?.leadsTo ? [`ln -sfn ${forPeople(was.leadsTo)} ${named}`] : [`rm ${named}`]
}

function notOfRoot({ path, now, was }: DifferingFile): readonly string[] {
  if (now !== null || was === null || (was.uid === 0 && was.gid === 0)) return []
  return [`${forPeople(path)} belonged to uid ${was.uid}, gid ${was.gid}; it is made anew as root's.`]
}

function sentence(clause: string): string {
  return `${clause.slice(0, 1).toUpperCase()}${clause.slice(1)}`
}
