/**
 * SELinux and AppArmor: whether they enforce anything, and what they forbade lately, where something fails of which the
 * kernel said "(13: Permission denied)". All other hosts cost three small files.
 */
import type { CouldNotTell } from '@fleetmend/shared'
import type { Read, ReadHost, SocketAddress } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readAuditLog, readAuditMessage, type Denial } from '../readings/denials.ts'
import { readJournal } from '../readings/journal.ts'
import { auditStamps } from '../readings/log-stamps.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import { readWrongLabels, type WrongLabel } from '../readings/wrong-labels.ts'
import { answerOf } from './answer-of.ts'
import type { FpmFacts } from './host-facts.ts'
import { readLogWindow } from './log-window.ts'

export interface SecurityFacts {
  /** Null where the kernel has none, or it is switched off. */
  readonly selinux: 'enforcing' | 'permissive' | null
  /** What nginx's worker runs as: `system_u:system_r:httpd_t:s0`, `nginx (enforce)`, `unconfined`; null: not known. */
  readonly nginxRunsAs: string | null
  /** Null: not asked, because nothing is enforced, or nothing fails that way. */
  readonly denials: Read<{ readonly source: string; readonly all: readonly Denial[] }> | null
  /** Of the sockets that nginx looks for PHP at, and their folders; asked only with the denials of SELinux. */
  readonly wrongLabels: readonly WrongLabel[]
}

export interface SecurityQuestion {
  readonly fpm: readonly Pick<FpmFacts, 'master' | 'unit' | 'journal'>[]
  readonly workerPid: number | null
  /** Whether a site fails that is asked for through nginx. */
  readonly sitesFail: boolean
  readonly errors: readonly Pick<NginxErrorEntry, 'kind'>[]
  readonly upstreams: readonly SocketAddress[]
}

const auditLog = '/var/log/audit/audit.log'
const windowMs = 15 * 60_000

export async function securityFacts(
  host: ReadHost,
  { fpm, workerPid, sitesFail, errors, upstreams }: SecurityQuestion,
): Promise<{ readonly facts: SecurityFacts; readonly couldNotTell: readonly CouldNotTell[] }> {
  const [enforce, appArmor, runsAs] = await Promise.all([
    readWord(host, '/sys/fs/selinux/enforce'),
    readWord(host, '/sys/module/apparmor/parameters/enabled'),
    workerPid === null ? null : readWord(host, `/proc/${workerPid}/attr/current`),
  ])
  const selinux = enforce === null ? null : enforce === '1' ? 'enforcing' : 'permissive'
  const isRefused = sitesFail && errors.some(({ kind }) => kind === 'connect-denied')
  const isAsked = (selinux === 'enforcing' || appArmor === 'Y') && (isRefused || fpm.some(couldNotStart))
  const denials = isAsked ? await readDenials(host) : null
  const wrongLabels = isAsked && selinux === 'enforcing' ? await wrongLabelsOf(host, upstreams) : []
  return {
    facts: { selinux, nginxRunsAs: runsAs, denials, wrongLabels },
    couldNotTell:
      denials === null || denials.ok ? [] : [{ what: 'what SELinux or AppArmor has forbidden', why: denials.says }],
  }
}

function couldNotStart({ master, unit, journal }: SecurityQuestion['fpm'][number]): boolean {
  const isDown = master === null && unit?.activeState !== 'inactive'
  return isDown && journal.ok && journal.value.some(({ message }) => message.includes('Permission denied (13)'))
}

/** Files of the kernel that hold one word; some end with a NUL. */
async function readWord(host: ReadHost, path: string): Promise<string | null> {
  const file = await host.readFile(path)
  return file.ok ? textOf(file.value).replace(/[\0\n]+$/, '') : null
}

/** auditd keeps them; without it the kernel prints them, and journald may take them itself. */
async function readDenials(host: ReadHost): Promise<NonNullable<SecurityFacts['denials']>> {
  const log = await readLogWindow(host, auditLog, {
    stamps: auditStamps,
    windowMs,
    tailBytes: 256 * 1024,
    limitBytes: 1024 * 1024,
  })
  if (log.ok) return { ok: true, value: { source: auditLog, all: readAuditLog(log.value.text) } }
  if (log.why !== 'missing') return log
  const journal = await answerOf(host, { tool: 'denial-journal', sinceMs: host.nowMs() - windowMs })
  if (!journal.ok) return journal
  const all = readJournal(journal.value).entries.flatMap(({ message, atMs }) => readAuditMessage(message, atMs))
  return { ok: true, value: { source: 'journalctl _TRANSPORT=audit + _TRANSPORT=kernel', all } }
}

/** Where matchpathcon is not installed nobody can tell, and findings say what helps in either case. */
async function wrongLabelsOf(
  host: ReadHost,
  upstreams: readonly SocketAddress[],
): Promise<SecurityFacts['wrongLabels']> {
  const sockets = upstreams.filter((each) => each.startsWith('unix:')).map((each) => each.slice('unix:'.length))
  const paths = [...new Set(sockets.flatMap((path) => [path.slice(0, path.lastIndexOf('/')) || '/', path]))]
  if (paths.length === 0) return []
  const shown = await answerOf(host, { tool: 'wrong-labels', paths })
  return shown.ok ? readWrongLabels(shown.value) : []
}
