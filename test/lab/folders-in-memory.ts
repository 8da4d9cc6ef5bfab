/**
 * Set up around a run of the instant tests: their temporary folders are in memory where that can be had. They ask for
 * what they write to be safe on the disk, thousands of times, and none of it is there a second later.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plainEnvironment } from './tool.ts'

const mostMiB = 2048

export function setup(): void {
  // Short: the path of a socket is at most 107 bytes (unix(7)).
  const folder = mkdtempSync(join(tmpdir(), 'flm-'))
  if (!does('mount', ['-t', 'tmpfs', '-o', `size=${mostMiB}m,mode=1777`, 'fleetmend-tests', folder])) {
    rmdirSync(folder)
    return
  }
  process.env['TMPDIR'] = folder
  // Not a teardown: a run that is interrupted has none. Lazily, as what a test left behind may still stand in it.
  process.once('exit', () => {
    if (does('umount', ['--lazy', folder])) rmdirSync(folder)
  })
}

function does(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { env: plainEnvironment, stdio: 'ignore' }).status === 0
}
