/**
 * What people signed of a run, taken out of an audit as the bytes and the armored signature that stock
 * `ssh-keygen -Y verify` reads: whoever does not trust this program needs no part of it to check them.
 */
import * as z from 'zod/mini'
import { SignedGrant } from '../approval/authority.ts'
import { breakGlassBytes } from '../approval/break-glass.ts'
import { grantBytes } from '../approval/grant.ts'
import { Manifest, manifestBytes } from '../approval/manifest.ts'
import {
  APPROVAL_NAMESPACE,
  BREAK_GLASS_NAMESPACE,
  GRANT_NAMESPACE,
  REQUEST_NAMESPACE,
} from '../approval/namespaces.ts'
import { readSshSignature } from '../approval/sshsig.ts'
import type { RunId } from '../model/ids.ts'
import { RunApproval, RunBreakGlass } from '../model/run.ts'
import { ExportLine } from './export-lines.ts'

export interface SignatureOfRun {
  /** What it was made for, as `ssh-keygen -n` takes it. */
  readonly namespace: string
  /** By the controller's list; null: the signature of a grant, whose signers the audit does not name. */
  readonly principal: string | null
  readonly message: Buffer
  /** Armored. */
  readonly signature: string
  /** As a line of a list of approvers: by this name and key it was counted. Whether they belong together, such lists say. */
  readonly line: string | null
}

const SigningEvent = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('approval-asked'), manifest: Manifest }),
  z.looseObject({ type: z.literal('approved'), approval: RunApproval }),
  z.looseObject({ type: z.literal('request-signed'), request: RunApproval }),
  z.looseObject({ type: z.literal('glass-broken'), breakGlass: RunBreakGlass }),
  z.looseObject({ type: z.literal('grant-presented'), grant: SignedGrant }),
])

/** In the order in which they were given. Lines of anything else are passed over. */
export function signaturesOfRun(lines: Iterable<string>, run: RunId): readonly SignatureOfRun[] {
  const found: SignatureOfRun[] = []
  let manifest: Manifest | null = null
  for (const text of lines) {
    const line = readEvent(text)
    if (line?.line !== 'event' || line.event.run !== run) continue
    const read = SigningEvent.safeParse(line.event.event)
    if (!read.success) continue
    const event = read.data
    if (event.type === 'approval-asked') manifest = event.manifest
    if (event.type === 'grant-presented') {
      const { grant, signatures } = event.grant
      const of = { namespace: GRANT_NAMESPACE, principal: null, message: grantBytes(grant), line: null }
      found.push(...signatures.map((signature) => ({ ...of, signature })))
    }
    if (manifest === null) continue
    const message = manifestBytes(manifest)
    if (event.type === 'approved') found.push(signedBy(event.approval, APPROVAL_NAMESPACE, message))
    if (event.type === 'request-signed') found.push(signedBy(event.request, REQUEST_NAMESPACE, message))
    if (event.type === 'glass-broken') {
      const bytes = breakGlassBytes({ manifest, reason: event.breakGlass.reason })
      found.push(signedBy(event.breakGlass, BREAK_GLASS_NAMESPACE, bytes))
    }
  }
  return found
}

function signedBy({ principal, signature }: RunApproval, namespace: string, message: Buffer): SignatureOfRun {
  const read = readSshSignature(signature)
  const key = read.ok ? `${read.value.signer.type} ${read.value.signer.blob.toString('base64')}` : null
  const line = key === null ? null : `${principal} namespaces="${namespace}" ${key}\n`
  return { namespace, principal, message, signature, line }
}

function readEvent(text: string): ExportLine | null {
  // Most lines are none, and reading each as what it is would take the longer part.
  if (!text.includes('"line":"event"')) return null
  try {
    const parsed = ExportLine.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
