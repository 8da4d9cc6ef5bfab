/** A record of a host in words, one line, for people. Names of people and hosts in it are not escaped here. Pure. */
import { authorityWords } from '../views/apply-text.ts'
import { shortDigest } from '../digest.ts'
import { overTheLine, type HostEntry } from './host-entry.ts'

export function hostEntryWords(entry: HostEntry): string {
  switch (entry.type) {
    case 'began':
      return 'The record of this host begins.'
    case 'repaired':
      return `The end of the record was no record (${entry.lostBytes} bytes, ${shortDigest(entry.lost)}) and was cut off.`
    case 'enrolled':
      return `Enrolled as ${entry.host} in fleet ${entry.fleet}, with key ${shortDigest(entry.key)}.`
    case 'certificate-renewed':
      return `Renewed its certificate, until ${entry.expiresAt}.`
    case 'rules-seen':
      return `Approvers are ${fileWords(entry.approvers)}, the policy is ${fileWords(entry.policy)}.`
    case 'plan-made':
      return `Planned ${entry.remediations.join(', ')} as ${shortDigest(entry.plan)}.`
    case 'apply-admitted':
      return `Let ${entry.apply} begin, plan ${shortDigest(entry.plan)}, ${authorityWords(entry.authority)}.`
    case 'apply-refused':
      return `Refused to apply ${entry.plan === null ? 'a plan' : shortDigest(entry.plan)}: ${entry.code}.`
    case 'apply-ended':
      return `${entry.apply} ended: ${entry.outcome}${entry.code === null ? '' : ` (${entry.code})`}.`
    case 'rollback-asked':
      return `A rollback of ${entry.apply} was asked for.`
    case 'controller-head':
      return `The controller's record stood at ${entry.sequence}, ${shortDigest(entry.hash)}.`
    case 'left-out':
      return `Too many of kind ${entry.kind}: until ${entry.until} they are not on record.`
  }
}

/** Who it is about; null: nobody in particular. */
export function hostEntryPerson(entry: HostEntry): string | null {
  if ('askedBy' in entry) return entry.askedBy === overTheLine ? null : entry.askedBy
  return entry.type === 'apply-admitted' ? entry.authority.by.join(', ') : null
}

function fileWords(digest: Parameters<typeof shortDigest>[0] | null): string {
  return digest === null ? 'not there' : shortDigest(digest)
}
