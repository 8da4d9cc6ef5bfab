/** What decides how a request for PHP ends at each place of a site that hands it on: addresses, limits, the script. */
import type { ReadHost, SocketAddress } from '../host/host.ts'
import type { NginxDirective } from '../readings/nginx-config.ts'
import { effectiveDirectives, type NginxLevels } from '../readings/nginx-inheritance.ts'
import type { NginxPhpLocation } from '../readings/nginx-locations.ts'
import { fastcgiParameter, scriptFolderOf } from '../readings/nginx-script.ts'
import type { NginxSetting, PhpLocationFacts } from './host-facts.ts'

/** nginx's own values where nothing sets them (reference E.4). */
const defaultTimeout = '60s'
const defaultBufferSize = '4k'

export async function phpLocationFacts(
  host: ReadHost,
  location: NginxPhpLocation,
  follow: (address: SocketAddress) => Promise<SocketAddress>,
): Promise<PhpLocationFacts> {
  const { levels, directive, documentRoot } = location
  const named = [...new Set(location.passes.flatMap((pass) => pass.addresses))]
  const scriptFilename = parameter(levels, 'SCRIPT_FILENAME')
  return {
    at: placeOf(directive),
    passes: await Promise.all(named.map(async (each) => ({ named: each, address: await follow(each) }))),
    connectTimeout: setting(levels, 'fastcgi_connect_timeout', defaultTimeout),
    sendTimeout: setting(levels, 'fastcgi_send_timeout', defaultTimeout),
    readTimeout: setting(levels, 'fastcgi_read_timeout', defaultTimeout),
    headerBuffer: setting(levels, 'fastcgi_buffer_size', defaultBufferSize),
    scriptFilename,
    scriptFolder: await scriptFolder(host, scriptFilename?.text ?? '', documentRoot),
    documentRoot:
      documentRoot === null ? null : { path: documentRoot, hasScripts: await hasScripts(host, documentRoot) },
  }
}

export function setting(levels: NginxLevels, name: string, otherwise: string): NginxSetting {
  const [directive] = effectiveDirectives(levels, name)
  return directive ? { text: directive.args.join(' '), at: placeOf(directive) } : { text: otherwise, at: null }
}

function parameter(levels: NginxLevels, name: string): NginxSetting | null {
  const directive = fastcgiParameter(levels, name)
  return directive && { text: directive.args[1] ?? '', at: placeOf(directive) }
}

/** The folder below which FPM is told to look for scripts, where that can be known without a request. */
async function scriptFolder(
  host: ReadHost,
  scriptFilename: string,
  documentRoot: string | null,
): Promise<PhpLocationFacts['scriptFolder']> {
  const path = scriptFolderOf(scriptFilename, documentRoot)
  if (path === null) return null
  const real = await host.resolve(path)
  if (real.ok) return { path, exists: true }
  if (real.why !== 'missing') return { path, exists: null }
  const names = await host.list(path.slice(0, path.lastIndexOf('/')) || '/')
  return { path, exists: false, beside: names.ok ? names.value.toSorted().slice(-namesShown) : [] }
}

const namesShown = 5

/** Whether a PHP file lies there: a site's front door. */
async function hasScripts(host: ReadHost, folder: string): Promise<boolean | null> {
  const names = await host.list(folder)
  if (!names.ok) return names.why === 'missing' ? false : null
  return names.value.some((name) => name.endsWith('.php'))
}

function placeOf({ path, line }: NginxDirective): string {
  return `${path}:${line}`
}
