/** Tokens as a table: whose they are, what they allow, until when. Never a secret: nobody has those any more. */
import type { ApiTokenView, Paint } from '@fleetmend/shared'
import { columns } from './columns.ts'

export function tokenListText(tokens: readonly ApiTokenView[], nowMs: number, paint: Paint): string {
  if (tokens.length === 0)
    return 'There is no token that is good. To make one:\n    fleetmend tokens create --name ana --role operator\n'
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    roleText(token),
    token.selector ?? 'the whole fleet',
    whetherGood(token, nowMs),
    token.lastUsedAt === null ? 'never' : `${token.lastUsedAt.slice(0, 13)}h`,
  ])
  return columns([['TOKEN', 'NAME', 'ROLE', 'HOSTS', 'GOOD', 'LAST USED'], ...rows], paint)
}

export function roleText({ roles, readOnly }: Pick<ApiTokenView, 'roles' | 'readOnly'>): string {
  return `${roles.join(' and ')}${readOnly ? ', to look only' : ''}`
}

export function isGood({ revokedAt, expiresAt }: ApiTokenView, nowMs: number): boolean {
  return revokedAt === null && (expiresAt === null || nowMs < Date.parse(expiresAt))
}

function whetherGood(token: ApiTokenView, nowMs: number): string {
  const { revokedAt, revokedBy, expiresAt } = token
  if (revokedAt !== null) return `revoked ${minuteOf(revokedAt)} by ${revokedBy}`
  if (expiresAt === null) return 'for ever'
  return `${isGood(token, nowMs) ? 'until' : 'expired'} ${minuteOf(expiresAt)}`
}

function minuteOf(at: string): string {
  return `${at.slice(0, 16)}Z`
}
