/** The steps that an installation or a removal is made of, as data, and what a person reads of each. Pure. */
import { installedPlaces } from '@fleetmend/shared/model/installed-agent'
import { fileDiff, openDiff } from '../plans/file-diff.ts'

export type Step =
  | { readonly step: 'make-group'; readonly group: string }
  | { readonly step: 'make-folder'; readonly path: string }
  | { readonly step: 'put-version'; readonly name: string }
  /** Null: no link is there before, or after. */
  | { readonly step: 'link'; readonly path: string; readonly before: string | null; readonly after: string | null }
  | { readonly step: 'write'; readonly path: string; readonly before: string | null; readonly after: string | null }
  | { readonly step: 'reload-units' }
  | { readonly step: 'enable' | 'disable' | 'start' | 'restart' | 'stop'; readonly unit: string }
  | { readonly step: 'ask-agent' }
  | { readonly step: 'enrol'; readonly host: string | null }
  | { readonly step: 'see-line' }
  /** Somebody may begin to use it before its turn comes. */
  | { readonly step: 'remove-version'; readonly name: string; readonly unlessUsed: boolean }
  /** Only where nothing is in it. */
  | { readonly step: 'remove-folder'; readonly path: string }
  | { readonly step: 'remove-tree'; readonly path: string }
  | { readonly step: 'remove-group'; readonly group: string }

/** New files are for everybody to read, and for root to write. */
export const fileMode = 0o644

export function stepWords(step: Step): { readonly says: string; readonly diff: string | null } {
  // What is taken away was put there by us, and says what its name says.
  const isWritten = step.step === 'write' && step.after !== null
  return { says: wordsOf(step), diff: isWritten ? diffOf(step.path, step.before, step.after) : null }
}

function wordsOf(step: Step): string {
  switch (step.step) {
    case 'make-group':
      return `make the system group ${step.group}, whose members may ask the agent`
    case 'make-folder':
      return `make ${step.path} (0755 root:root)`
    case 'put-version':
      return `put the agent and its Node into ${installedPlaces.library}/${step.name} (root:root)`
    case 'link':
      if (step.after === null) return `remove the link ${step.path}`
      return step.before === null
        ? `link ${step.path} to ${step.after}`
        : `link ${step.path} to ${step.after}, in place of ${step.before}`
    case 'write':
      if (step.after === null) return `remove ${step.path}`
      return step.before === null ? `write ${step.path} (0644 root:root)` : `replace ${step.path}`
    case 'reload-units':
      return 'systemd reads its unit files again (nothing is restarted)'
    case 'enable':
      return `${step.unit} is started at boot`
    case 'disable':
      return `${step.unit} is no longer started at boot`
    case 'start':
      return `${step.unit} is started`
    case 'restart':
      return `${step.unit} is restarted; an apply that is at work goes on in its own unit`
    case 'stop':
      return `${step.unit} is stopped`
    case 'ask-agent':
      return 'the agent must answer on its socket'
    case 'enrol':
      return `enrol the host${step.host === null ? '' : ` as ${step.host}`}, and serve its controller`
    case 'see-line':
      return 'the line to the controller must be up'
    case 'remove-version':
      return `remove ${installedPlaces.library}/${step.name}`
    case 'remove-folder':
      return `remove ${step.path}`
    case 'remove-tree':
      return `remove ${step.path} with all that is in it`
    case 'remove-group':
      return `remove the group ${step.group}`
  }
}

export function diffOf(path: string, before: string | null, after: string | null): string {
  if (path === installedPlaces.approvers) return openDiff(path, before, after)
  const diff = fileDiff(path, before, after, true)
  if (!diff.ok) throw new Error(`${diff.says}. This is a bug.`)
  return diff.diff
}
