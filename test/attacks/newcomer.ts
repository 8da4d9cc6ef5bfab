/** Somebody who was let into a whole fleet as any host is, and is not what was expected. */
import { decodeJoinToken } from '@fleetmend/shared'
import { enrolHost } from '../../packages/agent/src/serve/enrol-host.ts'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import type { World } from '../scenarios/world.ts'

/** `anew`: there is a host of this name already. */
export async function enrolledAs(world: World, host: string, anew = false): Promise<Identity> {
  const invitation = { by: 'test', labels: {}, host: anew ? host : null, lifeMs: 60_000 }
  const token = decodeJoinToken((await world.api().hosts.invite.mutate(invitation)).token)
  if (!token.ok) throw new Error(token.problem.detail)
  const enrolled = await enrolHost(token.value, { host, os: null, agentVersion: '0.1.0' })
  if (!enrolled.ok) throw new Error(enrolled.problem.detail)
  return enrolled.identity
}
