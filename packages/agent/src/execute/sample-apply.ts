/** For tests: an agent on a simulated host, with a plan stored and admitted, and the eyes that judge what comes of it. */
import type { ApplyReport, HostDiagnosis, SiteProbe } from '@fleetmend/shared'
import type { ProcessIdentity } from '../host/host.ts'
import { createApplyRecord, openApplyRecord, type ApplyRecord } from '../state/apply-record.ts'
import { savePlan } from '../state/plan-store.ts'
import { sampleMadeAtMs, samplePlan, type SamplePlan } from '../state/sample-plan.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { sampleFacts, samplePool, sampleFpm } from '../survey/sample-facts.ts'
import { sampleSite } from '../survey/sample-sites.ts'
import { apply } from './apply.ts'
import { discretion } from './discretion.ts'
import type { Executor } from './executor.ts'
import { recover, type Recovered } from './recover.ts'
import { hostOf, type Mishap, type SimulatedHost } from './simulated-host.ts'
import {
  addAgent,
  dropInPath,
  keepConnections,
  poolAfter,
  poolBefore,
  releaseGuard,
  simulatedWorld,
  type World,
} from './simulated-world.ts'

const service = 'php8.2-fpm'
const subject = { kind: 'service', name: service } as const
const checks = [
  { when: 'planned', check: 'fpm-config', service },
  { when: 'live', check: 'fpm-config', service },
] as const
export const dropIn = '[Service]\nRestart=on-failure\n'
const poolFile = {
  path: '/etc/php/8.2/fpm/pool.d/www.conf',
  before: poolBefore,
  after: poolAfter,
  mode: '0640',
  group: 'www-data',
}
const reload = { act: 'reload-fpm', service, deadlineMs: 20_000 } as const

/** One plan of each kind that this slice can make. */
export const planKinds = {
  'edit and reload': {
    files: [poolFile],
    checks: [...checks],
    acts: [reload],
    clears: [{ diagnosis: 'pool-exhausted', subject }],
  },
  'drop-in and daemon-reload': {
    files: [{ path: dropInPath, before: null, after: dropIn }],
    checks: [{ when: 'planned', check: 'unit-file', service }],
    acts: [{ act: 'daemon-reload' }],
    clears: [{ diagnosis: 'no-auto-restart', subject }],
  },
  'start only': {
    checks: [{ when: 'planned', check: 'fpm-config', service }],
    acts: [
      { act: 'reset-failed', service },
      { act: 'start', service },
    ],
    clears: [{ diagnosis: 'fpm-crashed', subject }],
  },
  'edit and restart': {
    files: [poolFile],
    checks: [...checks],
    acts: [{ act: 'restart', service, finishMs: 5000 }],
    clears: [{ diagnosis: 'pool-exhausted', subject }],
  },
  'enable, open the directory and start': {
    besides: [
      { of: 'unit-setting', service, setting: 'enabled', before: false, after: true },
      {
        of: 'directory',
        path: '/run/php',
        before: { mode: '0700', owner: 'root', group: 'root' },
        after: { mode: '0711', owner: 'root', group: 'root' },
      },
    ],
    checks: [{ when: 'planned', check: 'fpm-config', service }],
    acts: [{ act: 'start', service }],
    clears: [{ diagnosis: 'fpm-crashed', subject }],
  },
  'edit and reload, with connections that nginx keeps': {
    files: [poolFile],
    checks: [...checks, { when: 'planned', check: 'nginx-config', service: 'nginx' }],
    acts: [{ ...reload, reloadsNginx: true }],
    clears: [{ diagnosis: 'pool-exhausted', subject }],
    basis: { exact: [], guards: [{ guard: 'nginx-loaded' }] },
  },
  'reload only': { checks: [{ when: 'planned', check: 'fpm-config', service }], acts: [reload] },
  'both files, daemon-reload and reload': {
    files: [poolFile, { path: dropInPath, before: null, after: dropIn }],
    checks: [...checks, { when: 'planned', check: 'unit-file', service }],
    acts: [{ act: 'daemon-reload' }, reload],
    clears: [
      { diagnosis: 'pool-exhausted', subject },
      { diagnosis: 'no-auto-restart', subject },
    ],
  },
} as const satisfies Record<string, SamplePlan>
export type PlanKind = keyof typeof planKinds

/** How the eyes judge: by what the services have really loaded, or against the plan whatever happens. */
export type Eyes = 'honest' | 'never-clear' | 'sites-fail-after'

export interface Scene {
  readonly kind: PlanKind
  readonly world: World
  readonly state: StateFolder
  readonly record: ApplyRecord
  /** An agent process; it is gone when it crashes. */
  agent(
    mishap?: Mishap,
    eyes?: Eyes,
  ): { readonly executor: Executor; readonly host: SimulatedHost; die(guardToo?: boolean): void }
  apply(mishap?: Mishap, eyes?: Eyes): Promise<ApplyReport>
  recover(mishap?: Mishap, eyes?: Eyes): Promise<readonly Recovered[]>
}

export async function scene(state: StateFolder, kind: PlanKind, overrides: SamplePlan = {}): Promise<Scene> {
  const world = simulatedWorld(sampleMadeAtMs + 1000, { isUp: !startsIt(kind) })
  if (kind === 'edit and reload, with connections that nginx keeps') keepConnections(world)
  if (kind === 'enable, open the directory and start') {
    world.unitFileState = 'disabled'
    world.directoryModes.set('/run/php', 0o700)
  }
  const { record: plan, sealed } = samplePlan(state.key, { ...planKinds[kind], ...overrides })
  const saved = await savePlan(state, plan, sealed)
  if (!saved.ok) throw new Error(saved.says)
  const created = await createApplyRecord(state, plan, { kind: 'local-root', by: ['ana'] }, world.fpm.nowMs)
  if (!created.ok) throw new Error(created.says)
  const { id } = created.value
  let pids = 900
  const agent: Scene['agent'] = (mishap = {}, eyes = 'honest') => {
    const self: ProcessIdentity = { pid: ++pids, startTicks: pids * 10 }
    addAgent(world, self)
    const host = hostOf(world, mishap)
    const executor: Executor = {
      host,
      state,
      self,
      discretion: discretion(host),
      look: async () => facts(world),
      diagnose: () => diagnosis(world, eyes),
    }
    const die = (guardToo = false) => {
      world.agents.delete(self.pid)
      if (guardToo) world.guard = null
      else releaseGuard(world)
    }
    return { executor, host, die }
  }
  return {
    kind,
    world,
    state,
    record: created.value,
    agent,
    apply: async (mishap, eyes) => apply(agent(mishap, eyes).executor, await reopened(state, id)),
    recover: async (mishap, eyes) => recover(agent(mishap, eyes).executor, id),
  }
}

/** Plans for a service that is down. */
function startsIt(kind: PlanKind): boolean {
  return kind === 'start only' || kind === 'enable, open the directory and start'
}

export async function reopened(state: StateFolder, id: string): Promise<ApplyRecord> {
  const opened = await openApplyRecord(state, id)
  if (!opened.ok) throw new Error(opened.problem.detail)
  return opened.value
}

function facts(world: World) {
  return sampleFacts({
    host: 'web-7',
    fpm: [sampleFpm({ pools: [samplePool()], loadedAtMs: world.fpm.loadedAtMs })],
    sites: [sampleSite({ accessLogs: ['/var/log/nginx/access.log'] })],
    takenAtMs: world.fpm.nowMs,
  })
}

function diagnosis(world: World, eyes: Eyes): HostDiagnosis {
  const { fpm } = world
  const wasTouched = fpm.loaded === poolAfter || world.loadedDropIns !== ''
  const passed = fpm.isUp && !(eyes === 'sites-fail-after' && wasTouched)
  const probe: SiteProbe = {
    site: 'shop.example',
    over: 'http',
    passed,
    says: passed ? 'GET / → 200 in 2 ms' : 'GET / → 502 in 1 ms',
    tookMs: 2,
  }
  const holds = {
    'pool-exhausted': eyes === 'never-clear' || fpm.loaded === poolBefore,
    'no-auto-restart': eyes === 'never-clear' || world.loadedDropIns === '',
    'fpm-crashed': eyes === 'never-clear' || !fpm.isUp,
  }
  return {
    host: 'web-7',
    outcome: 'diagnosed',
    probes: [probe],
    findings: Object.entries(holds).flatMap(([id, isHeld]) =>
      isHeld
        ? [{ diagnosis: id, role: 'cause' as const, subject, says: `${id} holds.`, evidence: [], remediations: [] }]
        : [],
    ),
    couldNotTell: [],
    tookMs: 1,
  }
}
