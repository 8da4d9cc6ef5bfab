/** What one person signs who goes ahead alone: the manifest that others would have signed too, and why there is no time. */
import { canonicalBytes } from '../digest.ts'
import type { Manifest } from './manifest.ts'

/** Exactly what is signed, under a namespace of its own, so that no approval can be taken for it. */
export function breakGlassBytes({
  manifest,
  reason,
}: {
  readonly manifest: Manifest
  readonly reason: string
}): Buffer {
  return canonicalBytes({ format: 'fleetmend.break-glass/1', manifest, reason })
}
