/** What a host is given before its controller may come to it over SSH: lines for a person, to be run there as root. */
import type { HostId } from '@fleetmend/shared'

export interface SshHostLines {
  readonly host: HostId
  readonly account: string
  readonly publicKey: string
  readonly fleet: string
}

const home = '/var/lib/fleetmend-ssh'
const agent = '/usr/bin/fleetmend-agent'

/**
 * The account owns nothing, its key file included: what it is bound to, it could not change. Without `--password` it would
 * count as locked for sshd where that asks no PAM (auth.c); `*` is no password that anybody has.
 */
export function sshHostLines({ host, account, publicKey, fleet }: SshHostLines): readonly string[] {
  return [
    'groupadd --force --system fleetmend',
    `useradd --system --gid fleetmend --no-create-home --home-dir ${home} --shell /bin/sh --password '*' ${account}`,
    `install -d -m 0755 ${home} ${home}/.ssh`,
    `echo 'restrict,command="${agent} stdio" ${publicKey}' > ${home}/.ssh/authorized_keys`,
    `${agent} enrol --over-ssh ${fleet} --host ${host}`,
    'systemctl enable fleetmend-agent',
    'systemctl restart fleetmend-agent',
  ]
}
