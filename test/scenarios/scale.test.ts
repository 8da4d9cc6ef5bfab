/**
 * The pieces of `bench/scale.ts` over a few hundred hosts, more than the controller takes handshakes of at once from one
 * address: agents in processes of their own, the controller in another. Nothing here is timed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordAnswers } from '../../bench/scale/answers.ts'
import { controllerIn } from '../../bench/scale/controller.ts'
import { restart, startAgents, stormController } from '../../bench/scale/fleetmend.ts'
import { makeFleet } from '../../bench/scale/make-fleet.ts'
import { runInBatches } from '../../bench/scale/run-in-batches.ts'

const size = 320

test(
  'hundreds of hosts come at once and none is refused; each answers once and is repaired once, before and after a kill',
  { timeout: 240_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleetmend-scale-'))
    await using ends = new AsyncDisposableStack()
    ends.defer(() => rmSync(folder, { recursive: true, force: true }))
    const controller = await controllerIn(folder)
    const { dataFolder, url, key, approvers } = controller
    const fleet = await makeFleet({ dataFolder, folder, url, hosts: size, processes: 2 })
    const watcher = await controller.start()
    ends.defer(() => controller.kill())
    const agents = await startAgents(fleet, { url, answers: await recordAnswers(), approvers })
    ends.defer(() => agents.end())

    const stormed = await stormController(controller, watcher, agents, fleet, () => sleep(0))
    expect(stormed.attempts).toEqual({ failed: 0, says: new Map() })

    const { said } = await watcher.diagnose()
    expect(said.map(({ host }) => host).toSorted()).toEqual(fleet.hosts)
    expect(new Set(said.map(({ outcome }) => outcome))).toEqual(new Set(['diagnosed']))

    const once = { state: 'finished', outcomes: { fixed: size }, toldNotOnce: 0 }
    const run = await runInBatches({ watcher, controllerPid: controller.pid(), key, hosts: size })
    expect(run).toMatchObject(once)
    expect(new Set(await agents.begun())).toEqual(new Set([1]))
    watcher.close()

    const back = await restart(controller, agents, size)
    // What agents tell of the time in between: the line broke, and for a while nobody answered.
    for (const words of back.reconnected.attempts.says.keys())
      expect(words).toMatch(/^(?:the connection to the controller is gone|no controller answers)/)
    const again = await runInBatches({ watcher: back.watcher, controllerPid: controller.pid(), key, hosts: size })
    expect(again).toMatchObject(once)
    expect(new Set(await agents.begun())).toEqual(new Set([2]))
    back.watcher.close()
  },
)
