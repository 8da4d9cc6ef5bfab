/** Whether it is certain which file nginx should ask PHP for: only then SCRIPT_FILENAME is corrected without a person. */
import type { FpmFacts, PhpLocationFacts, PoolFacts } from '../survey/host-facts.ts'
import { poolDirective } from './pool-directive.ts'

/** What SCRIPT_FILENAME is almost everywhere, and in every file that nginx comes with (`fastcgi.conf`). */
export const usualScriptFilename = '$document_root$fastcgi_script_name'

export type ScriptFix =
  | { readonly kind: 'right' }
  /** `usualScriptFilename` names a file that is there, and what is written now names none. */
  | { readonly kind: 'fix'; readonly says: string }
  | { readonly kind: 'unsure'; readonly toDo: string }

export function scriptFix(service: FpmFacts, pool: PoolFacts, location: PhpLocationFacts): ScriptFix {
  const { at, scriptFilename, scriptFolder, documentRoot } = location
  const wrong = whatIsWrong(location)
  if (wrong === null) return { kind: 'right' }
  const chroot = poolDirective(service, pool, 'chroot')
  if (chroot)
    return {
      kind: 'unsure',
      toDo: `${pool.subject} sees only what is below ${chroot.value} (chroot, ${chroot.path}:${chroot.line}): SCRIPT_FILENAME has to begin there.`,
    }
  const place = scriptFilename?.at ?? at
  const root = documentRoot?.path ?? 'the root'
  if (documentRoot?.hasScripts !== true || documentRoot.path === scriptFolder?.path)
    return {
      kind: 'unsure',
      toDo: `Bring ${scriptFolder?.path ?? root} back${besideWords(location)}, or correct root or SCRIPT_FILENAME at ${place}, then \`nginx -t && systemctl reload nginx\`.`,
    }
  // Releases beside each other: a person knows which of them is to be live.
  if ((scriptFolder?.beside ?? []).length > 0)
    return {
      kind: 'unsure',
      toDo: `Bring ${scriptFolder?.path} back${besideWords(location)}, or write the folder that is to be live at ${place}, then \`nginx -t && systemctl reload nginx\`.`,
    }
  return { kind: 'fix', says: `${wrong}, and ${root} has scripts` }
}

function whatIsWrong({ scriptFilename, scriptFolder }: PhpLocationFacts): string | null {
  if (scriptFilename === null) return 'SCRIPT_FILENAME is not sent'
  if (/^\$(?:fastcgi_script_name|uri|document_uri)$/.test(scriptFilename.text))
    return `SCRIPT_FILENAME is ${scriptFilename.text} alone, without a folder`
  return scriptFolder?.exists === false ? `${scriptFolder.path} is not there` : null
}

function besideWords({ scriptFolder }: PhpLocationFacts): string {
  const beside = scriptFolder?.beside ?? []
  return beside.length === 0 ? '' : ` (beside it there are: ${beside.join(', ')})`
}
