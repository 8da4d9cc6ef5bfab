/** The line to the controller breaks when a run was asked for and before the answer arrives: the real command begins it once. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../packages/shared/src/problems.ts'
import { fleetmend } from './terminal.ts'
import { openWorld } from './world.ts'

test('a plan whose answer got lost is asked for again, and is one run', async () => {
  await using world = await openWorld()
  const host = await world.add('web-1')
  host.killFpm()
  await using line = await lineThatLoses('runs.start', world.socket, join(world.folder, 'line.sock'))
  const shown = await fleetmend({ socket: line.path }, ['plan', '--json'])
  expect(line.lost()).toBe(1)
  expect(shown.err).toContain('The connection to the controller is lost.')
  expect(shown.exitCode).toBe(exitCodes.findings)
  const runs = await world.api().runs.list.query({ limit: 10 })
  expect(runs).toHaveLength(1)
  expect(JSON.parse(shown.out)).toMatchObject({ run: { id: runs[0]?.id } })
})

interface Line extends AsyncDisposable {
  readonly path: string
  /** How many answers never arrived. */
  lost(): number
}

/** Hands on everything but the first answer to such a question: when it comes, the line is cut. */
async function lineThatLoses(question: string, to: string, path: string): Promise<Line> {
  let lost = 0
  const server = createServer((person) => {
    const controller = connect(to)
    let isAsked = false
    person.on('data', (bytes: Buffer) => {
      isAsked ||= bytes.includes(question)
      controller.write(bytes)
    })
    controller.on('data', (bytes: Buffer) => {
      if (!isAsked || lost > 0) return void person.write(bytes)
      lost++
      person.destroy()
    })
    for (const [one, other] of [
      [person, controller],
      [controller, person],
    ] as const)
      one.on('error', () => undefined).on('close', () => other.destroy())
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}
