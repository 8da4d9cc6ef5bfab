/** Hands a grant in for a run, in the place of approvals. Its hosts count how often it is used there. */
import type { Run } from '@fleetmend/shared'
import { whoAsks, type Cli } from '../cli.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { submitDeed } from '../connection/submit-deed.ts'
import { readGrantFile } from './grant-file.ts'

export async function presentGrant(
  cli: Cli,
  controller: Controller,
  run: Run['id'],
  path: string,
): Promise<Answer<Run>> {
  const read = await readGrantFile(path)
  if (!read.ok) return { ...read, lost: null }
  const { value: grant } = read
  return submitDeed(cli, controller, {
    run,
    submit: (api) => api.runs.presentGrant.mutate({ run, by: whoAsks(cli), grant }),
    arrived: (after) => after.grant?.grant.id === grant.grant.id,
  })
}
