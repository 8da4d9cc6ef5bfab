/** A host as messages name it: as the person wrote it, and where that leads. */
import { safeLine } from '@fleetmend/shared'
import type { SshTarget } from '../ssh-target.ts'

export function placeOf({ alias, hostName, port }: SshTarget): string {
  const address = port === 22 ? hostName : `${hostName} port ${port}`
  return safeLine(alias === hostName && port === 22 ? alias : `${alias} (${address})`)
}
