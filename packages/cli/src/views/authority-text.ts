/** The fleet's certificate authority, and how far its renewal is. */
import type { FleetAuthority } from '@fleetmend/shared'

/** Names that fit on a screen. */
const named = 20

export function authorityText({ fleet, now, next, notYet }: FleetAuthority): string {
  const shown = `The certificate authority of the fleet ${fleet} is ${now.fingerprint}, good until ${now.expiresAt}.\n`
  if (next === null) return `${shown}It is the only one.\n`
  const follows = `It is to be followed by ${next.fingerprint}, made ${next.madeAt}, good until ${next.expiresAt}.\n`
  if (notYet.length === 0)
    return `${shown}${follows}\nEvery host trusts the next one. It takes over by itself a week after it was made, when no join token names the one before; to do it now:\n    fleetmend controller renew-ca --finish\n`
  const hosts = notYet.slice(0, named).map((host) => `    ${host}\n`)
  const more = notYet.length > named ? `    and ${notYet.length - named} more\n` : ''
  const count = notYet.length === 1 ? '1 host does' : `${notYet.length} hosts do`
  return `${shown}${follows}\n${count} not trust the next one yet, and hear of it within a day of being connected:\n${hosts.join('')}${more}`
}
