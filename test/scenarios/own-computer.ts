/** The computer of a person, with a home of its own, and how root on the controller's machine lets them in. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { fleetmend } from './terminal.ts'
import type { World } from './world.ts'

export function home(): { readonly HOME: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-home-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return { HOME: folder }
}

export const fileIn = ({ HOME }: { readonly HOME: string }) => join(HOME, '.config/fleetmend/sign-ins.json')

/** As root on the controller's machine makes it, with what it says to do next. */
export async function created(world: World, ...args: readonly string[]) {
  const { out, err, exitCode } = await fleetmend(world, ['tokens', 'create', ...args])
  const [, url = '', fingerprint = ''] = /fleetmend login (\S+) --fingerprint (\S+)/.exec(err) ?? []
  const [, id = ''] = /fleetmend tokens revoke (\S+)/.exec(err) ?? []
  return { exitCode, secret: out.trim(), says: err, url, fingerprint, id }
}
