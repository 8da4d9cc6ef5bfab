/** Who told systemd to do something to a service, as far as sudo's, cron's and sshd's lines of that moment tell. */
import type { Evidence } from '@fleetmend/shared'
import { forPeople } from '../readings/bytes.ts'
import type { AdminSession } from '../readings/admin-journal.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'

export interface WhoDid {
  /** `alice, with sudo` or `a cron job of root`; null when only those are known who could have. */
  readonly name: string | null
  readonly evidence: readonly Evidence[]
}

/** The journal's clock is one, but a command is logged before systemd hears of it. */
const beforeMs = 5000
const afterMs = 1000
const shownAtMost = 3

export function whoDid(facts: HostFacts, service: string, verbs: readonly string[], atMs: number): WhoDid | null {
  if (!facts.adminSessions.ok) return null
  const there = facts.adminSessions.value.filter((session) => wasOpen(session, atMs))
  const asked = there.findLast(
    (session) => session.how !== 'ssh' && atMs - session.openedMs <= beforeMs && asksFor(session.says, service, verbs),
  )
  if (asked) return { name: nameOf(asked), evidence: [evidenceOf(asked)] }
  const present = there.filter(({ how }) => how !== 'cron').slice(-shownAtMost)
  return present.length > 0 ? { name: null, evidence: present.map((session) => evidenceOf(session)) } : null
}

function wasOpen({ openedMs, closedMs }: AdminSession, atMs: number): boolean {
  return openedMs <= atMs + afterMs && (closedMs === null || closedMs >= atMs - afterMs)
}

/** `systemctl --no-block stop php8.2-fpm.service`, `service php8.2-fpm stop`, also within `bash -c '…'`. */
function asksFor(command: string, service: string, verbs: readonly string[]): boolean {
  const words = command.split(/[\s;&|'"()]+/).map((word) => word.replace(/\.service$/, ''))
  const tool = words.some((word) => /(^|\/)(systemctl|service|invoke-rc\.d)$|^\/etc\/init\.d\//.test(word))
  return tool && words.some((word) => verbs.includes(word)) && words.some((word) => names(word, service))
}

function names(word: string, service: string): boolean {
  if (word === service || word === `/etc/init.d/${service}`) return true
  if (!word.includes('*')) return false
  const pattern = word
    .split('*')
    .map((part) => RegExp.escape(part))
    .join('.*')
  return new RegExp(`^${pattern}$`).test(service)
}

function nameOf({ how, user }: AdminSession): string {
  return how === 'cron' ? `a cron job of ${forPeople(user)}` : `${forPeople(user)}, with sudo`
}

function evidenceOf({ how, user, says, openedMs, closedMs }: AdminSession): Evidence {
  const at = instantOf(openedMs)
  const [who, what] = [forPeople(user), forPeople(says).slice(0, 200)]
  switch (how) {
    case 'sudo':
      return { source: 'journalctl _EXE=/usr/bin/sudo', says: `${who} ran \`${what}\` as root`, at }
    case 'cron':
      return { source: 'journalctl -u cron', says: `cron ran \`${what}\` as ${who}`, at }
    case 'ssh':
      return {
        source: 'journalctl, sshd',
        says: `${who} had come in from ${what}${closedMs === null ? '' : ` until ${instantOf(closedMs)}`}`,
        at,
      }
  }
}
