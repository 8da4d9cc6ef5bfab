/** A grant as a person reads it before they sign it, and whenever they wonder what it lets be done. */
import { boundWords, safeLine, type Grant, type Paint } from '@fleetmend/shared'

export function grantText(grant: Grant, paint: Paint): string {
  const { id, reason, remediations, inputs, hosts, perHour, watchAtLeastMs, notBefore, notAfter } = grant
  const bounds = Object.entries(inputs).map(([name, bound]) => `${name}: ${boundWords(bound)}`)
  const rows = [
    ['may do', remediations.join(', ')],
    ['with', bounds.length > 0 ? bounds.join('; ') : 'no input at all'],
    ['on', 'named' in hosts ? hosts.named.join(', ') : `every host of fleet ${hosts.fleet}`],
    ['how often', perHour === 1 ? 'once an hour on each' : `${perHour} times an hour on each`],
    ['watched', `for at least ${watchAtLeastMs / 1000} s afterwards, and put back if it is worse`],
    ['from', notBefore],
    ['until', notAfter],
  ] as const
  const lines = rows.map(([what, says]) => `  ${paint.dim(what.padEnd(9))}  ${safeLine(says)}\n`)
  return `${paint.bold(id)}  ${safeLine(reason)}\n${lines.join('')}`
}
