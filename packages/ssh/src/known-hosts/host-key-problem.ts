/** What a person is told about a host whose key is not the one that is written down: where that stands, and what to do. */
import { createHash } from 'node:crypto'
import { problem, safeLine, shellWord, type Problem } from '@fleetmend/shared'
import { hostKeyTypeOf } from '../readings/known-hosts.ts'
import type { SshTarget } from '../ssh-target.ts'
import { knownHostsName, type HostKeyVerdict, type KnownKey } from './judge-host-key.ts'

type Presented = Pick<SshTarget, 'alias' | 'written' | 'hostName' | 'port' | 'hostKeyAlias' | 'newKeysFile'>

/** Null: the key is known. */
export function hostKeyProblem(verdict: HostKeyVerdict, target: Presented, presented: Buffer): Problem | null {
  const host = safeLine(target.alias)
  const shown = `${hostKeyTypeOf(presented) ?? 'key'} ${keyFingerprint(presented)}`
  switch (verdict.kind) {
    case 'known':
      return null
    case 'revoked':
      return problem(
        'ssh-host-revoked',
        `Cannot talk to ${host}: it shows a key that was revoked (${shown}), in ${placeOf(verdict.by)}. Whoever has this key is not to be trusted, so nothing was sent. Find out why it was revoked, and have the host given a new key.`,
      )
    case 'changed':
      return problem('ssh-host-changed', changed(verdict.contradicts, target, shown))
    case 'unknown':
      return problem('ssh-host-unknown', unknown(verdict.authorities, target, shown))
  }
}

/** As `ssh-keygen -l` prints it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

function changed(contradicts: readonly KnownKey[], target: Presented, shown: string): string {
  const known = contradicts.map((each) => `    ${each.type} ${keyFingerprint(each.key)} in ${placeOf(each)}`)
  const files = [...new Set(contradicts.map(({ file }) => file))]
  const forget = files.map((file) => `    ssh-keygen -R ${shellWord(knownHostsName(target))} -f ${shellWord(file)}`)
  return [
    `Cannot talk to ${safeLine(target.alias)}: it shows ${shown}, and this is known of it:`,
    ...known,
    'Either it was installed anew, or somebody is in between; nothing was sent. Ask whoever runs it for the fingerprint of its key. Only if it is this one, forget the old key, and go on as with a new host:',
    ...forget,
  ].join('\n')
}

function unknown(authorities: readonly KnownKey[], target: Presented, shown: string): string {
  const [authority] = authorities
  const name = safeLine(knownHostsName(target))
  return [
    `Cannot talk to ${safeLine(target.alias)}: it shows ${shown}, and no known_hosts file has a key of ${name}.`,
    authority === undefined
      ? 'Ask whoever runs it for the fingerprint of its key. Where it is this one, connect once by hand and say yes:'
      : `Its keys are signed by a certificate authority (${placeOf(authority)}), which only the system's ssh checks:`,
    `    ssh ${byHand(target)} true`,
    target.newKeysFile === null
      ? 'Its configuration keeps no known hosts (UserKnownHostsFile), so that its key will never be known.'
      : 'To write down the first key that a new host shows, unseen, set StrictHostKeyChecking to accept-new for it.',
  ].join('\n')
}

/** As `ssh` itself takes it, which knows no port behind a name. */
function byHand({ written: { user, host, port } }: Presented): string {
  const words = [...(user === null ? [] : ['-l', user]), ...(port === null ? [] : ['-p', String(port)]), host]
  return words.map(shellWord).join(' ')
}

function placeOf({ file, line }: KnownKey): string {
  return `${safeLine(file)} line ${line}`
}
