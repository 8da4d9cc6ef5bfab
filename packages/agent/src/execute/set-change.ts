/** Brings the host to one side of a change: a file's bytes, a directory's mode, what systemd remembers of a unit. */
import type { Change, UnitSetting } from '@fleetmend/shared'
import type { Did, Host, NewFile, SystemdVerb } from '../host/host.ts'
import type { Side } from './change-side.ts'

/** A file as it is to be, and whose it is when it has to be made; null: it is to be gone. */
export type WantedFile = (NewFile & { readonly bytes: Uint8Array }) | null

const systemdLimitMs = 60_000

/** `file` counts for files only; everything else stands in the change. */
export async function setChange(host: Host, change: Change, side: Side, file: WantedFile): Promise<Did> {
  switch (change.of) {
    case 'file':
      return file === null ? host.removeFile(change.path) : host.replaceFile(change.path, file.bytes, file)
    case 'directory':
      return host.setDirectoryMode(change.path, Number.parseInt(change[side].mode, 8))
    case 'unit-setting':
      return host.systemd(verbs[change.setting][change[side] ? 'on' : 'off'], change.service, systemdLimitMs)
  }
}

const verbs: Readonly<Record<UnitSetting, { readonly on: SystemdVerb; readonly off: SystemdVerb }>> = {
  enabled: { on: 'enable', off: 'disable' },
  masked: { on: 'mask', off: 'unmask' },
  'masked-runtime': { on: 'mask-runtime', off: 'unmask-runtime' },
}

/** The same for a person's hands, as one command. */
export function commandFor(change: Exclude<Change, { of: 'file' }>, side: Side): string {
  if (change.of === 'directory') return `chmod ${change[side].mode} ${quoted(change.path)}`
  const verb = verbs[change.setting][change[side] ? 'on' : 'off']
  return `systemctl ${verb.endsWith('-runtime') ? `--runtime ${verb.slice(0, -'-runtime'.length)}` : verb} ${change.service}`
}

/** For a person's shell; the agent itself has none. */
export function quoted(path: string): string {
  return /^[\w./@%+:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
