/**
 * What one controller bears: agents in processes of their own over the real protocol, with mutual TLS. A connection storm, the
 * memory of an idle agent, questions to all of them, a run in batches that somebody follows, and a controller that is killed
 * and started again; beside raw `ws` request and reply, and NATS, with the same payloads, certificates and processes.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { briefly, digestOf, readApprovers } from '@fleetmend/shared'
import { simulatedHost } from './scale/simulated-host.ts'
import { recordAnswers } from './scale/answers.ts'
import { controllerIn } from './scale/controller.ts'
import { copyOfData, meetSessions, restart, startAgents, stormController, untilHere } from './scale/fleetmend.ts'
import { inTurns, whileStill } from './scale/in-turns.ts'
import { makeFleet } from './scale/make-fleet.ts'
import { hasNats, meetNats, meetRawWs } from './scale/rivals.ts'
import { runInBatches } from './scale/run-in-batches.ts'
import { cpuMsOf } from './scale/process-use.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const sizes = process.argv.slice(2).map(Number)
const log = (what: string, value: unknown) =>
  process.stdout.write(`${((performance.now() - t0) / 1000).toFixed(1).padStart(6)} ${what} ${JSON.stringify(value)}\n`)
const t0 = performance.now()
const answers = await recordAnswers()

for (const size of sizes.length > 0 ? sizes : [10_000]) {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fleetmend-scale-'))
  const settleMs = size >= 5_000 ? 20_000 : 5_000
  const settle = () => sleep(settleMs)
  const controller = await controllerIn(folder)
  const fleet = await makeFleet({ dataFolder: controller.dataFolder, folder, url: controller.url, hosts: size, processes: 2 })
  log('fleet made', size)
  const first = simulatedHost(JSON.parse(readFileSync(fleet.identityFiles[0] ?? '', 'utf8'))[0], answers, readApprovers(''))
  const hello = await first.agent.hello()
  const payloads = { hello: JSON.stringify(briefly(hello, { knows: [digestOf(hello.catalogue)] })), diagnose: JSON.stringify(answers.diagnosis) }
  log('payloads', { hello: payloads.hello.length, diagnose: payloads.diagnose.length })
  const copy = copyOfData(folder, controller.dataFolder)
  const watcher = await controller.start()
  const agents = await startAgents(fleet, { url: controller.url, answers, approvers: controller.approvers })
  const stormed = await stormController(controller, watcher, agents, fleet, settle)
  log('storm', { ...stormed, attempts: { failed: stormed.attempts.failed, says: [...stormed.attempts.says] } })
  const raw = await meetRawWs({ fleet, folder, payloads, settle })
  log('raw storm', raw.stormed)
  const nats = hasNats() ? await meetNats({ fleet, folder, payloads, settle }) : null
  log('nats storm', nats?.stormed)
  const sessions = await meetSessions(copy, fleet, { answers, approvers: controller.approvers })
  log('sessions connected', size)
  const contestants = [raw.contestant, sessions, ...(nats ? [nats.contestant] : [])]
  const others = [controller.pid(), ...agents.pids]
  for (const what of ['hello', 'diagnose'])
    for (const atOnce of [size, 64]) {
      const turns = await inTurns(contestants, others, { what, hosts: fleet.hosts, atOnce, rounds: size >= 5_000 ? 3 : 5 })
      for (const [name, turn] of turns) log(`${what} ${atOnce} at once: ${name}`, { ...turn, perS: (size / turn.wallMs) * 1000, cpuUs: (turn.cpuMs / size) * 1000 })
    }
  for (let round = 0; round < 3; round++) {
    const cpu = cpuMsOf(controller.pid())
    const startMs = performance.now()
    const said = await whileStill(contestants.flatMap((each) => each.allPids), () => watcher.diagnose())
    const wallMs = performance.now() - startMs
    log('api diagnose', { wallMs, perS: (size / wallMs) * 1000, cpuUs: ((cpuMsOf(controller.pid()) - cpu) / size) * 1000, diagnosed: said.filter(({ outcome }) => outcome === 'diagnosed').length })
  }
  for (const each of contestants) await each.end()
  await untilHere(watcher, size)
  const done = await runInBatches({ watcher, controllerPid: controller.pid(), key: controller.key, hosts: size })
  log('run', done)
  const begun = await agents.begun()
  log('begun not once', begun.filter((times) => times !== 1).length)
  watcher.close()
  const { watcher: next, reconnected } = await restart(controller, agents, size)
  log('reconnected', { ...reconnected, attempts: { failed: reconnected.attempts.failed, says: [...reconnected.attempts.says] } })
  next.close()
  await agents.end()
  await controller.kill()
  rmSync(folder, { recursive: true, force: true })
}
process.exit()
