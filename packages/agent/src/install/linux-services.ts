/** systemd, groups, the agent and its fleet, on the machine that this runs on. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { agree, clientOver, decodeJoinToken, Peer, problemOf, streamChannel } from '@fleetmend/shared'
import { agentUnit } from '@fleetmend/shared/model/installed-agent'
import { recordEnrolled } from '../audit/on-record.ts'
import type { Did, Host } from '../host/host.ts'
import { runTool } from '../host/run-tool.ts'
import { accountId, accountsOfGroup } from '../readings/account-names.ts'
import { forPeople } from '../readings/bytes.ts'
import { readUnitProperties, unitPropertyNames, type UnitProperties } from '../readings/unit-properties.ts'
import { redactProse } from '../redaction/redact-prose.ts'
import type { AgentRouter } from '../router.ts'
import { agentSocketPath } from '../serve/agent-socket-path.ts'
import { enrolHost } from '../serve/enrol-host.ts'
import { osName } from '../serve/os-name.ts'
import { hostIdFrom } from '../state/host-id.ts'
import { dialsOut, readMembership, writeIdentity } from '../state/identity.ts'
import { openStateFolder } from '../state/state-folder.ts'
import { productionStateRoot, statePaths } from '../state/state-paths.ts'
import { runsSystemd } from '../survey/runs-systemd.ts'
import { agentVersion } from '../version.ts'
import type { Services, UnitFacts } from './services.ts'

const quickMs = 10_000
/** A unit that is stopped has 90 s to end (systemd-system.conf(5), DefaultTimeoutStopSec). */
const unitMs = 100_000

export function linuxServices(host: Host): Services {
  return {
    host: host.id,
    runsSystemd: () => runsSystemd(host),
    units: (names) => units(host, names),
    tell: (verb, unit) => host.systemd(verb, unit, unitMs),
    reloadUnits: () => host.daemonReload(),
    applies,
    programs,
    hasGroup: async (name) => accountId(await readFile('/etc/group', 'latin1'), name) !== null,
    makeGroup: (name) => told('groupadd', '--system', name),
    removeGroup: (name) => told('groupdel', name),
    accountsOf,
    enrolled: async () => {
      const read = readMembership(statePaths(productionStateRoot))
      if (!read.ok || read.value === null) return null
      const { host: name, fleet } = read.value
      return { host: name, fleet, url: dialsOut(read.value) ? read.value.url : null }
    },
    enrol: (token, name) => enrol(host, token, name),
    asksAgent,
    line: () => line(host),
  }
}

async function units(host: Host, names: readonly string[]): Promise<readonly UnitFacts[]> {
  const shown = await properties(host, names)
  return shown.map((unit) => ({
    name: unit.service,
    fragmentPath: unit.fragmentPath,
    dropIns: unit.dropInPaths,
    isEnabled: unit.unitFileState === 'enabled',
    isMasked: unit.loadState === 'masked',
    isActive: isActive(unit),
  }))
}

async function properties(host: Host, names: readonly string[]): Promise<readonly UnitProperties[]> {
  const asked = await host.ask({ tool: 'unit-properties', services: names, properties: unitPropertyNames })
  if (!asked.ok) throw new Error(`systemctl: ${asked.says}`)
  return readUnitProperties(asked.value.stdout)
}

function isActive({ activeState }: UnitProperties): boolean {
  return ['active', 'activating', 'reloading'].includes(activeState)
}

async function applies(): Promise<readonly string[]> {
  const patterns = ['fleetmend-apply-*', 'fleetmend-rollback-*']
  const args = ['list-units', '--plain', '--no-legend', '--full', '--', ...patterns]
  const listed = await runTool({ program: 'systemctl', args, limitMs: quickMs })
  if (!listed.ok || listed.value.exitCode !== 0) return []
  return listed.value.stdout
    .split('\n')
    .flatMap((text) => /^\s*(fleetmend-(?:apply|rollback)-\S+)\.service\s/.exec(text)?.[1] ?? [])
}

async function programs(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/exe`).catch(() => null)))
  return found.filter((path) => path !== null)
}

async function accountsOf(group: string): Promise<readonly string[]> {
  const gid = accountId(await readFile('/etc/group', 'latin1'), group)
  return gid === null ? [] : accountsOfGroup(await readFile('/etc/passwd', 'latin1'), gid)
}

async function told(program: string, ...args: readonly string[]): Promise<Did> {
  const ran = await runTool({ program, args, limitMs: quickMs })
  if (!ran.ok) return ran
  if (ran.value.exitCode === 0) return { ok: true }
  return { ok: false, says: `${program} failed with ${ran.value.exitCode}: ${ran.value.stderr.trim().slice(0, 500)}` }
}

async function enrol(host: Host, text: string, name: string | null): ReturnType<Services['enrol']> {
  const token = decodeJoinToken(text)
  if (!token.ok) return token
  const state = await openStateFolder(productionStateRoot)
  if (!state.ok) throw new Error(state.says)
  const newcomer = { host: name ?? hostIdFrom(host.id), os: await osName(host), agentVersion }
  const enrolled = await enrolHost(token.value, newcomer)
  if (!enrolled.ok) return enrolled
  await writeIdentity(state.value, enrolled.identity)
  await recordEnrolled({ state: state.value, host }, enrolled.identity)
  return { ok: true }
}

async function asksAgent(): Promise<Did> {
  const socket = connect(agentSocketPath)
  const peer = new Peer(streamChannel(socket))
  try {
    const agent = clientOver<AgentRouter>(peer)
    const agreement = agree((await agent.hello.query(undefined, { signal: AbortSignal.timeout(quickMs) })).spoken)
    return agreement.ok ? { ok: true } : { ok: false, says: `the agent that serves is another one: ${agreement.says}` }
  } catch (error) {
    return { ok: false, says: `the agent does not answer on ${agentSocketPath}: ${problemOf(error).detail}` }
  } finally {
    peer.close()
  }
}

const connected = /^connected to the controller at /

/** The last that it said of it, in the log of its unit since it was started: it says each change of its line once. */
async function line(host: Host): Promise<Did> {
  const [unit] = await properties(host, [agentUnit])
  if (!unit || !isActive(unit) || unit.invocationId === '') return { ok: false, says: `${agentUnit} does not run` }
  const args = ['--no-pager', '--quiet', '--output=cat', `_SYSTEMD_INVOCATION_ID=${unit.invocationId}`]
  const log = await runTool({ program: 'journalctl', args, limitMs: quickMs })
  if (!log.ok) return log
  const said = log.value.stdout.split('\n').filter((each) => each !== '' && !each.includes(' serves on '))
  const last = said.at(-1)
  if (last !== undefined && connected.test(last)) return { ok: true }
  const says = last === undefined ? 'it says nothing of it' : redactProse(forPeople(last)).slice(0, 500)
  return { ok: false, says: `its line to the controller is not up: ${says}` }
}
