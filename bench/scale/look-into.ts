/** A look into a controller while something is done: where its time goes, and what its memory is made of. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Controller } from './controller.ts'
import type { Inside } from './read-profile.ts'

export async function lookInto(
  { pid, inside }: Pick<Controller, 'pid' | 'inside'>,
  work: () => Promise<unknown> = () => sleep(10),
): Promise<Inside> {
  process.kill(pid(), 'SIGUSR2')
  await work()
  process.kill(pid(), 'SIGUSR2')
  while (!existsSync(inside)) await sleep(50)
  const read = JSON.parse(readFileSync(inside, 'utf8')) as Inside
  rmSync(inside)
  return read
}
