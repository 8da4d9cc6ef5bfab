/** A record of the controller in words, one line, for people. What hosts and people said is not escaped here. Pure. */
import { shortDigest, type ControllerEntry } from '@fleetmend/shared'

/** Events of runs have words of their own. */
export function entryWords(entry: Exclude<ControllerEntry, { type: 'run-event' }>): string {
  switch (entry.type) {
    case 'began':
      return `The record of this controller begins, for fleet ${entry.fleet}.`
    case 'host-invited':
      return `Invited ${entry.host ?? 'a host'} until ${entry.expiresAt}.`
    case 'host-enrolled':
      return entry.insteadOf === null
        ? 'Enrolled.'
        : `Enrolled anew: its key is another one than ${shortDigest(entry.insteadOf)}.`
    case 'host-added':
      return `Added, reached over SSH as ${entry.place}, host key ${entry.hostKey}.`
    case 'certificate-renewed':
      return `Renewed its certificate, until ${entry.expiresAt}.`
    case 'host-removed':
      return 'Removed from the fleet.'
    case 'authority-changed':
      return `The authority of the fleet is ${shortDigest(entry.now)}${entry.next === null ? '' : `, to be followed by ${shortDigest(entry.next)}`}.`
    case 'host-head':
      return `Signed its own record ${entry.head.head.sequence}, ${shortDigest(entry.head.head.hash)}.`
    case 'host-alarm':
      return `ALARM ${entry.code}: ${entry.says}`
    case 'host-not-believed':
      return `What the host answered cannot be true (${entry.code}): ${entry.says}`
    case 'alarm-accepted':
      return `Took its record as it is in spite of ${entry.code}: ${entry.reason}`
    case 'token-made':
      return `Made token ${entry.token} for ${entry.name}, ${entry.role}, ${entry.expiresAt === null ? 'without an end' : `until ${entry.expiresAt}`}.`
    case 'token-revoked':
      return `Revoked token ${entry.token}.`
    case 'refused':
      return `Refused ${entry.asked}: ${entry.code}.`
    case 'left-out':
      return `Too many of kind ${entry.kind}: until ${entry.until} they are not on record.`
  }
}
