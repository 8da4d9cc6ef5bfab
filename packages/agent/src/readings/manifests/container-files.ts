/** The files that a container sees of those given: nginx's configuration and FPM's, as the official images lay them out. */
import { componentPattern } from '../glob-pattern.ts'
import { readFpmConfig } from '../fpm-config.ts'
import { readNginxConfig } from '../nginx-config.ts'
import type { Container, Place } from './workload.ts'

/** A text at a path within a container, and where its lines stand in what was given. */
export interface SeenFile {
  readonly path: string
  readonly text: string
  placeOf(line: number): Place
}

/** nginx's image: `nginx.conf` includes `conf.d`; these files are there, and hold nothing that matters here but SCRIPT_FILENAME. */
const stockNginx: ReadonlyMap<string, string> = new Map([
  ['/etc/nginx/nginx.conf', 'events {}\nhttp {\n  include /etc/nginx/conf.d/*.conf;\n}\n'],
  ['/etc/nginx/mime.types', ''],
  ['/etc/nginx/fastcgi_params', ''],
  ['/etc/nginx/fastcgi.conf', 'fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n'],
])
const fpmPrefix = '/usr/local'
const fpmMain = '/usr/local/etc/php-fpm.conf'
const stockFpm: ReadonlyMap<string, string> = new Map([[fpmMain, 'include=etc/php-fpm.d/*.conf\n']])

export function nginxOf(files: readonly SeenFile[], environment: ReadonlyMap<string, string>): Container['nginx'] {
  const own = files
    .filter(({ path }) => path.startsWith('/etc/nginx/'))
    .map((file) => (isTemplate(file) ? filledIn(file, environment) : file))
  if (!own.some(({ path }) => path.endsWith('.conf'))) return null
  const tree = treeOf(own, stockNginx)
  return { reading: readNginxConfig('/etc/nginx/nginx.conf', tree.read, tree.glob), placeOf: tree.placeOf }
}

export function fpmOf(files: readonly SeenFile[]): Container['fpm'] {
  const own = files.filter(({ path }) => path.startsWith(`${fpmPrefix}/etc/php-fpm`) && path.endsWith('.conf'))
  if (own.length === 0) return null
  const tree = treeOf(own, stockFpm)
  return { reading: readFpmConfig(fpmMain, tree.read, tree.glob, fpmPrefix), placeOf: tree.placeOf }
}

function treeOf(files: readonly SeenFile[], stock: ReadonlyMap<string, string>) {
  const own = new Map(files.map((file) => [file.path, file]))
  const paths = [...new Set([...own.keys(), ...stock.keys()])].toSorted()
  return {
    read: (path: string) => {
      const text = own.get(path)?.text ?? stock.get(path)
      return text === undefined
        ? ({ ok: false, says: 'it is not among the files given' } as const)
        : ({ ok: true, text } as const)
    },
    glob: (pattern: string) => paths.filter((path) => fits(pattern, path)),
    placeOf: (path: string, line: number) => own.get(path)?.placeOf(line) ?? `${path} in the image`,
  }
}

function fits(pattern: string, path: string): boolean {
  const [parts, names] = [pattern.split('/'), path.split('/')]
  return parts.length === names.length && parts.every((part, i) => componentPattern(part).test(names[i] ?? ''))
}

/** The image's entry point fills in templates: `templates/NAME.template` becomes `conf.d/NAME`. */
function isTemplate({ path }: SeenFile): boolean {
  return path.startsWith('/etc/nginx/templates/') && path.endsWith('.template')
}

/** envsubst(1), of names that are set: nginx's own variables stay. */
function filledIn(file: SeenFile, environment: ReadonlyMap<string, string>): SeenFile {
  const name = file.path.slice('/etc/nginx/templates/'.length, -'.template'.length)
  const value = (all: string, braced: string | undefined, bare: string | undefined): string =>
    environment.get(braced ?? bare ?? '') ?? all
  const text = file.text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, value)
  return { ...file, path: `/etc/nginx/conf.d/${name}`, text }
}
