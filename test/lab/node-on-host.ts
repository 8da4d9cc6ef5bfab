/** The Node that the agent of a host runs with, which is ours, and the library that it needs and web hosts lack. */
import { realpathSync } from 'node:fs'
import { runtimeLibrary } from '@fleetmend/shared'
import { loadedLibrary } from '../../packages/cli/src/ssh/loaded-library.ts'

const folder = '/usr/lib/fleetmend'

/** For any program of ours that is no agent. */
export const nodeOnHost = ['/usr/bin/env', `LD_LIBRARY_PATH=${folder}`, `${folder}/node`] as const

/** Here, by where it lies there. */
export function runtimeHere(): Readonly<Record<string, string>> {
  const library = loadedLibrary(runtimeLibrary)
  if (library === null) throw new Error(`This Node has no ${runtimeLibrary} in it, and web hosts need it for ours.`)
  return { [`${folder}/node`]: realpathSync(process.execPath), [`${folder}/${runtimeLibrary}`]: library }
}
