/** A unit and its main process, asked anew each time: acting must never rest on what was read for a diagnosis. */
import type { Read, ProcessFacts, ReadHost } from '../host/host.ts'
import { readUnitProperties, unitPropertyNames, type UnitProperties } from '../readings/unit-properties.ts'

export async function readUnit(host: ReadHost, service: string): Promise<Read<UnitProperties>> {
  const shown = await host.ask({ tool: 'unit-properties', services: [service], properties: unitPropertyNames })
  if (!shown.ok) return shown
  const unit = readUnitProperties(shown.value.stdout).find((each) => each.service === service)
  return unit ? { ok: true, value: unit } : { ok: false, why: 'failed', says: `systemd says nothing about ${service}` }
}

export interface RunningUnit {
  readonly unit: UnitProperties
  readonly main: ProcessFacts
}

/** The unit with its living main process; an answer in words when it is not up. */
export async function readRunning(host: ReadHost, service: string): Promise<Read<RunningUnit>> {
  const unit = await readUnit(host, service)
  if (!unit.ok) return unit
  const { activeState, subState, result, mainPid, loadState } = unit.value
  if (loadState === 'not-found') return { ok: false, why: 'missing', says: `no unit of systemd runs ${service}` }
  const says = `${service} is ${activeState} (${subState}, result ${result})`
  if ((activeState !== 'active' && activeState !== 'reloading') || mainPid <= 0)
    return { ok: false, why: 'missing', says }
  const main = await host.process(mainPid)
  if (!main.ok)
    return main.why === 'missing'
      ? { ok: false, why: 'missing', says: `the main process ${mainPid} of ${service} is gone` }
      : main
  return main.value.state === 'Z'
    ? { ok: false, why: 'missing', says: `the main process ${mainPid} of ${service} is dead` }
    : { ok: true, value: { unit: unit.value, main: main.value } }
}

/** Whether it is up, when that can be told. */
export async function isUp(host: ReadHost, service: string): Promise<Read<boolean>> {
  const running = await readRunning(host, service)
  if (running.ok) return { ok: true, value: true }
  return running.why === 'missing' ? { ok: true, value: false } : running
}
