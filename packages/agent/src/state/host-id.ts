/** What this host calls itself where no controller gave it a name: the kernel's host name, made valid. */
import { hostname } from 'node:os'
import type { HostId } from '@fleetmend/shared/model/ids'

/** `configured` is the name given at enrolment; it is used as it stands or not at all. */
export function ownHostId(configured?: string): HostId {
  if (configured === undefined) return hostIdFrom(hostname())
  if (hostIdFrom(configured) !== configured) throw new Error(`The name ${JSON.stringify(configured)} is no host id.`)
  return configured
}

/** The nearest valid id to any name at all. */
export function hostIdFrom(name: string): HostId {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 253)
    .replace(/^[^a-z0-9]+/, '')
    .replace(/[^a-z0-9]+$/, '')
  return plain === '' ? 'localhost' : plain
}
