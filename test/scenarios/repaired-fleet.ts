/** A fleet in which one fault was repaired on every host: what there is to be told, exported and forged afterwards. */
import { carryOut, planRun } from './begin-run.ts'
import { openWorld, type Member, type World } from './world.ts'

export interface RepairedFleet extends AsyncDisposable {
  readonly world: World
  readonly hosts: readonly [Member, ...(readonly Member[])]
  readonly run: string
}

export async function repairedFleet(
  [first, ...others]: readonly [string, ...(readonly string[])] = ['web-1', 'web-2'],
): Promise<RepairedFleet> {
  const world = await openWorld()
  const hosts: [Member, ...Member[]] = [await world.add(first)]
  for (const name of others) hosts.push(await world.add(name))
  for (const host of hosts) host.killFpm()
  const api = world.api()
  const run = await planRun(api)
  const ended = await carryOut(api, run, world.keys.olivia)
  if (ended.state !== 'finished') throw new Error(`The run is ${ended.state}.`)
  return { world, hosts, run: run.id, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}
