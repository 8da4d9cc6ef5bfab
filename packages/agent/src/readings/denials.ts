/**
 * What SELinux and AppArmor forbade: records of type 1400 (AVC), as the kernel writes them and auditd keeps them
 * (`security/selinux/avc.c`, `security/lsm_audit.c`, `security/apparmor/audit.c`).
 */

export interface Denial {
  readonly by: 'selinux' | 'apparmor'
  readonly atMs: number
  readonly pid: number
  /** The kernel's name of the program, which it cuts at 15 characters. */
  readonly comm: string
  /** The context of who was stopped (`system_u:system_r:httpd_t:s0`), or the name of its profile. */
  readonly subject: string
  /** The context of what it wanted; null with AppArmor, which goes by names. */
  readonly object: string | null
  /** `sock_file`, `tcp_socket`, `dir`; with AppArmor the operation: `connect`, `open`. */
  readonly what: string
  /** `write`, `name_connect`; with AppArmor the letters of the mask that was denied: `wr`. */
  readonly wanted: readonly string[]
  /** The whole path where the record has it; SELinux mostly gives the last name alone. */
  readonly name: string | null
  /** Of a `tcp_socket`. */
  readonly port: number | null
  /** The record without its time, for a person. */
  readonly says: string
}

/** Lines of `/var/log/audit/audit.log`. `AVC` is the kernel's own; what programs say is `USER_AVC` and does not count. */
export function readAuditLog(text: string): readonly Denial[] {
  return text.split('\n').flatMap((line) => {
    const [, seconds, record = ''] = /^(?:node=\S+ )?type=AVC msg=audit\((\d+\.\d+):\d+\): (.*)$/.exec(line) ?? []
    // After this character auditd repeats numbers as names (log_format = ENRICHED).
    return denial(record.split('\x1d')[0] ?? '', Number(seconds) * 1000)
  })
}

/** One message of the journal: the kernel's own (`audit: type=1400 audit(…): …`), or one that journald took from it (`AVC …`). */
export function readAuditMessage(message: string, atMs: number): readonly Denial[] {
  const record = /^(?:audit: type=1400 audit\(\d+\.\d+:\d+\): |AVC )(.*)$/s.exec(message)?.[1]
  return record === undefined ? [] : denial(record, atMs)
}

/** What was only reported (`permissive=1`, `ALLOWED`) was not denied. */
function denial(record: string, atMs: number): readonly Denial[] {
  const avc = /^avc: +denied +\{ ([a-z0-9_ ]+) \} for +(.*)$/s.exec(record)
  const fields = readFields(avc?.[2] ?? record)
  const common = {
    atMs: Math.round(atMs),
    pid: Number(fields.get('pid') ?? Number.NaN),
    comm: fields.get('comm') ?? '',
    says: record.trim(),
  }
  if (avc) {
    if (fields.get('permissive') === '1') return []
    return [
      {
        by: 'selinux',
        ...common,
        subject: fields.get('scontext') ?? '',
        object: fields.get('tcontext') ?? null,
        what: fields.get('tclass') ?? '',
        wanted: (avc[1] ?? '').split(' '),
        name: fields.get('path') ?? fields.get('name') ?? null,
        port: whole(fields.get('dest')) ?? whole(fields.get('src')),
      },
    ]
  }
  if (fields.get('apparmor') !== 'DENIED') return []
  return [
    {
      by: 'apparmor',
      ...common,
      subject: fields.get('profile') ?? '',
      object: null,
      what: fields.get('operation') ?? '',
      wanted: [fields.get('denied_mask') ?? ''],
      name: fields.get('name') ?? null,
      port: null,
    },
  ]
}

/**
 * `name="a b"`, or without quotes and in hexadecimal where the text has a quote, a blank or a byte that is not printable
 * (`audit_log_untrustedstring`); other values are words. The first of a name counts.
 */
function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const [, name = '', quoted, plain = ''] of text.matchAll(/(?:^| )([a-z_]+)=(?:"([^"]*)"|(\S+))/g)) {
    if (!fields.has(name)) fields.set(name, quoted ?? (untrusted.has(name) ? fromHex(plain) : plain))
  }
  return fields
}

const untrusted = new Set(['comm', 'name', 'path', 'profile'])

function fromHex(text: string): string {
  return /^(?:[0-9A-F]{2})+$/.test(text) ? Buffer.from(text, 'hex').toString('latin1') : text
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null
}
