/** What the ssh program says when it does not connect, as a problem: where its words are certain, with the step that helps. */
import { problem, safe, type Problem, type ProblemCode } from '@fleetmend/shared'
import type { SshTarget } from '../ssh-target.ts'
import { placeOf } from './place-of.ts'

/** In order: a changed key is also not verified, and a jump host that refuses also closes the connection. */
const meanings: readonly { readonly says: RegExp; readonly code: ProblemCode; readonly help: string }[] = [
  {
    says: /REVOKED HOST KEY DETECTED|marked as revoked/,
    code: 'ssh-host-revoked',
    help: 'Whoever has this key is not to be trusted; nothing was sent. Find out why it was revoked, and have the host given a new key.',
  },
  {
    says: /HOST IDENTIFICATION HAS CHANGED/,
    code: 'ssh-host-changed',
    help: 'Either it was installed anew, or somebody is in between; nothing was sent. Ask whoever runs it for the fingerprint of its key, before you forget the old one.',
  },
  {
    says: /host key is known for|Host key verification failed/,
    code: 'ssh-host-unknown',
    help: 'Compare the fingerprint that it shows with the one that whoever runs it says. Where it is right, connect once by hand and say yes:\n    ssh {host} true',
  },
  {
    says: /Permission denied|Too many authentication failures/,
    code: 'ssh-refused',
    help: 'It knows none of the keys that were offered; a key with a passphrase has to be in ssh-agent (ssh-add). Which ones were offered:\n    ssh -v {host} true',
  },
  {
    says: /Could not resolve hostname/,
    code: 'ssh-name-unresolved',
    help: 'Look at the name, at HostName in your ssh_config, and at DNS.',
  },
  {
    says: /connect to host .* port|[Cc]onnection (timed out|closed|reset|refused)|Operation timed out|No route to host|not responding|banner exchange/,
    code: 'ssh-unreachable',
    help: 'It is down, a firewall is in the way, or its sshd turns this address away for a while after logins that failed (PerSourcePenalties).',
  },
]

export function systemSshFailure(said: string, target: SshTarget): Problem {
  const meaning = meanings.find(({ says }) => says.test(said))
  const words = inOwnWords(said)
  return problem(
    meaning?.code ?? 'ssh-failed',
    `Cannot connect to ${placeOf(target)} with the ssh program:\n${words}${meaning ? `\n${meaning.help.replace('{host}', safe(target.alias))}` : ''}`,
  )
}

export function systemSshBroke(said: string, target: SshTarget): Problem {
  const words = said.trim() === '' ? '' : `\n${inOwnWords(said)}`
  return problem(
    'ssh-broken',
    `The connection to ${placeOf(target)} broke. What was under way there may go on.${words}`,
  )
}

const mostLines = 12

function inOwnWords(said: string): string {
  const lines = safe(said)
    .split('\n')
    // The frame around a warning says nothing.
    .map((text) => text.replace(/\\u\{d\}$/, '').trimEnd())
    .filter((text) => /[^@\s]/.test(text))
  return lines
    .slice(-mostLines)
    .map((text) => `    ${text}`)
    .join('\n')
}
