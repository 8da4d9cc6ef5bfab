/**
 * Who was at work as root: what sudo, cron and sshd wrote to the journal. They are known by fields that journald takes
 * from the kernel, so that nobody else can speak for them; what users typed is theirs, and only quoted.
 */
import { jsonObject, type JsonObject } from './json-object.ts'

export interface AdminSession {
  readonly how: 'sudo' | 'cron' | 'ssh'
  readonly user: string
  /** The command of sudo and cron; the address that an ssh session came from. */
  readonly says: string
  readonly openedMs: number
  /** Null: not closed within what was read, or cron, which does not tell. */
  readonly closedMs: number | null
}

/** Programs of Debian, RHEL and OpenSSH 9.8, each with what it is called here. */
const programs: Readonly<Record<string, AdminSession['how']>> = {
  '/usr/bin/sudo': 'sudo',
  '/usr/sbin/sshd': 'ssh',
  '/usr/lib/openssh/sshd-session': 'ssh',
  '/usr/libexec/openssh/sshd-session': 'ssh',
}

export function readAdminSessions(text: string): readonly AdminSession[] {
  const open = new Map<string, Omit<AdminSession, 'closedMs'>>()
  const closed: AdminSession[] = []
  for (const line of text.split('\n')) {
    const said = readLine(line)
    if (!said) continue
    const key = `${said.how} ${said.pid}`
    const began = beginning(said)
    if (began) open.set(key, began)
    const session = open.get(key)
    if (session && said.how !== 'cron' && isEnd(said.message)) {
      open.delete(key)
      closed.push({ ...session, closedMs: said.atMs })
    }
  }
  const still = [...open.values()].map((session) => ({ ...session, closedMs: null }))
  return [...closed, ...still].toSorted((a, b) => a.openedMs - b.openedMs)
}

interface Said {
  readonly atMs: number
  readonly how: AdminSession['how']
  readonly pid: string
  readonly message: string
}

function readLine(line: string): Said | null {
  const fields = jsonObject(line)
  if (!fields) return null
  const { _PID: pid, MESSAGE: message, __REALTIME_TIMESTAMP: at } = fields
  const how = howOf(fields)
  if (!how || typeof pid !== 'string' || typeof message !== 'string' || !Number(at)) return null
  return { atMs: Math.floor(Number(at) / 1000), how, pid, message }
}

/** cron becomes the job right after it has written of it, so that journald may see another program; never another user. */
function howOf(fields: JsonObject): AdminSession['how'] | undefined {
  const { _EXE: program, _SYSTEMD_UNIT: unit, _UID: uid, SYSLOG_IDENTIFIER: says } = fields
  if ((unit === 'cron.service' || unit === 'crond.service') && uid === '0' && /^crond?$/i.test(String(says)))
    return 'cron'
  return typeof program === 'string' ? programs[program] : undefined
}

/**
 * `alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/systemctl stop …`. The user comes first and has no
 * blank; a directory may be named like the rest, so that the command is what follows the last COMMAND=. A refusal has
 * words where TTY or PWD stand otherwise.
 */
const sudoCommand = /^ *(\S+) : (?:TTY=\S+ ; )?PWD=.* ; USER=root ; (?:\w+=.* ; )*COMMAND=(.*)$/s
const cronCommand = /^\((\S+)\) CMD \((.*)\)$/s
const sshLogin = /^Accepted \S+ for (\S+) from (\S+) port \d+/

function beginning({ how, message, atMs }: Said): Omit<AdminSession, 'closedMs'> | null {
  const pattern = { sudo: sudoCommand, cron: cronCommand, ssh: sshLogin }[how]
  const [, user, says] = pattern.exec(message) ?? []
  return user === undefined || says === undefined ? null : { how, user, says: says.trim(), openedMs: atMs }
}

function isEnd(message: string): boolean {
  return /^pam_unix\(\w+:session\): session closed /.test(message)
}
