/** Which script nginx asks PHP-FPM for: `SCRIPT_FILENAME`, and the folder that it puts in front of a request's path. */
import type { NginxDirective } from './nginx-config.ts'
import { effectiveDirectives, type NginxLevels } from './nginx-inheritance.ts'

/** Of several `fastcgi_param` of one name the last one counts for FPM. */
export function fastcgiParameter(levels: NginxLevels, name: string): NginxDirective | null {
  return effectiveDirectives(levels, 'fastcgi_param').findLast(({ args }) => args[0] === name) ?? null
}

/** The part before the script's name, which every request brings itself; null where only a request tells. */
export function scriptFolderOf(scriptFilename: string, documentRoot: string | null): string | null {
  const root = documentRoot ?? '$document_root'
  const parts = /^(.*?)\/?\$(?:fastcgi_script_name|uri|document_uri)$/.exec(
    scriptFilename.replace(/^\$(?:document_root|realpath_root)/, () => root),
  )
  const path = parts?.[1]
  return path?.startsWith('/') && !path.includes('$') ? path : null
}
