/** Services of compose files, each with the files that it sees of those given. */
import { posix } from 'node:path'
import { fpmOf, nginxOf, type SeenFile } from './container-files.ts'
import type { GivenTree } from './given-files.ts'
import { whatRuns, type Mount, type Probe, type ProbeQuestion, type Workload } from './workload.ts'
import { entriesOf, itemsOf, textOf, under, wholeOf, type Tree } from '../yaml/yaml-tree.ts'

type ComposeReading =
  | { readonly ok: true; readonly workloads: readonly Workload[] }
  | { readonly ok: false; readonly says: string }

/** `seen`: what of the files given is at a path of this machine, or below it. */
export function readCompose(
  documents: readonly GivenTree[],
  seen: (path: string) => readonly SeenFile[],
): ComposeReading {
  const services = documents.flatMap(({ file, tree }) =>
    entriesOf(under(tree, 'services')).map(([name, service]) => ({ name, service, file, tree })),
  )
  for (const [index, { name, file, service }] of services.entries()) {
    const first = services.find((other) => other.name === name)
    if (
      first !== services[index] &&
      first?.file.path.slice(0, first.file.path.lastIndexOf('/')) === file.path.slice(0, file.path.lastIndexOf('/'))
    )
      return {
        ok: false,
        says: `${file.name}:${service.line}: ${first.file.name} has a service ${name}, too: give both as one (\`docker compose -f … -f … config\`)`,
      }
  }
  return { ok: true, workloads: services.map((each) => readService(each, seen)) }
}

interface ComposeService extends GivenTree {
  readonly name: string
  readonly service: Tree
}

function readService(
  { name, service, file, tree }: ComposeService,
  seen: (path: string) => readonly SeenFile[],
): Workload {
  const place = (line: number) => `${file.name}:${line}`
  const folder = posix.dirname(file.path)
  const image = withDefaults(textOf(under(service, 'image')))
  const mounts = itemsOf(under(service, 'volumes')).flatMap((volume) =>
    mountOf(volume, { folder, file: file.path, place }),
  )
  const files = [
    ...mounts.flatMap(({ source, sourcePath, target }) =>
      source === thisMachine ? seen(sourcePath).map((each) => moved(each, target)) : [],
    ),
    ...configsOf(service, tree, folder, seen, place),
  ]
  const [nginx, fpm] = [nginxOf(files, environmentOf(service)), fpmOf(files)]
  const runs = whatRuns(image, wordsOf(under(service, 'command')))
  const at = place(service.line)
  return {
    kind: 'Service',
    name,
    subject: `compose/${name}`,
    from: 'compose',
    at,
    hostNames: [name, ...[textOf(under(service, 'container_name')) ?? []].flat(), ...aliasesOf(service)],
    containers: [
      {
        ...{ name, at, image, mounts, nginx, fpm },
        runsNginx: runs.runsNginx || nginx !== null,
        runsFpm: runs.runsFpm || fpm !== null,
        ports: [],
        liveness: isRestartedWhenUnhealthy(service) ? healthcheckOf(service, place) : null,
        readiness: null,
      },
    ],
  }
}

const thisMachine = 'this machine'

/** `${TAG:-8.2-fpm}`: what compose takes where nothing else is set. */
function withDefaults(text: string | null): string | null {
  return text === null ? null : text.replaceAll(/\$\{\w+:?-([^}]*)\}/g, '$1')
}

interface Around {
  readonly folder: string
  readonly file: string
  readonly place: (line: number) => string
}

/** `./code:/var/www/html:ro`, `code:/var/www/html`, or the long form. A volume with no name is nobody else's. */
function mountOf(volume: Tree, around: Around): readonly Mount[] {
  const short = textOf(volume)?.split(':')
  const [from, to] = short
    ? short.length > 1
      ? [short[0], short[1]]
      : [undefined, short[0]]
    : [textOf(under(volume, 'source')) ?? undefined, textOf(under(volume, 'target')) ?? undefined]
  if (from === undefined || !to?.startsWith('/')) return []
  const isPath = short ? /^[./~]/.test(from) : textOf(under(volume, 'type')) === 'bind'
  const target = to.replace(/(?<=.)\/$/, '')
  const at = around.place(volume.line)
  // Two compose files of one folder are one project, whose volumes are shared.
  if (!isPath) return [{ source: `volume ${from} of ${around.folder}`, sourcePath: '/', target, at }]
  if (from.startsWith('~')) return []
  return [{ source: thisMachine, sourcePath: posix.resolve(around.folder, from), target, at }]
}

function moved(file: SeenFile, target: string): SeenFile {
  return { ...file, path: file.path === '' ? target : `${target}/${file.path}` }
}

/** `configs` of the service and what the file says of them: a file beside it, or the text itself. */
function configsOf(
  service: Tree,
  tree: Tree,
  folder: string,
  seen: (path: string) => readonly SeenFile[],
  place: (line: number) => string,
): readonly SeenFile[] {
  return itemsOf(under(service, 'configs')).flatMap((config) => {
    const name = textOf(config) ?? textOf(under(config, 'source'))
    const target = textOf(under(config, 'target')) ?? `/${name}`
    const [content, path] = [
      under(tree, 'configs', name ?? '', 'content'),
      textOf(under(tree, 'configs', name ?? '', 'file')),
    ]
    const text = textOf(content)
    if (content?.kind === 'scalar' && text !== null) {
      const placeOf = (line: number) => place(content.textLine === null ? content.line : content.textLine + line - 1)
      // Compose keeps a dollar that is written twice.
      return [{ path: target, text: text.replaceAll('$$', () => '$'), placeOf }]
    }
    return path === null ? [] : seen(posix.resolve(folder, path)).map((each) => moved(each, target))
  })
}

function environmentOf(service: Tree): ReadonlyMap<string, string> {
  const environment = under(service, 'environment')
  const pairs = itemsOf(environment).flatMap((item) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(textOf(item) ?? '') ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return new Map([...pairs, ...entriesOf(environment).map(([name, value]) => [name, textOf(value) ?? ''] as const)])
}

function wordsOf(command: Tree | undefined): readonly string[] {
  return textOf(command)?.split(/\s+/) ?? itemsOf(command).map((word) => textOf(word) ?? '')
}

function aliasesOf(service: Tree): readonly string[] {
  return entriesOf(under(service, 'networks')).flatMap(([, network]) =>
    itemsOf(under(network, 'aliases')).map((alias) => textOf(alias) ?? ''),
  )
}

/** Compose itself only says `unhealthy`; the helper `autoheal` restarts what carries its label. */
function isRestartedWhenUnhealthy(service: Tree): boolean {
  const labels = under(service, 'labels')
  const listed = itemsOf(labels).some((label) => textOf(label) === 'autoheal=true')
  return listed || textOf(under(labels, 'autoheal')) === 'true'
}

/** Docker's defaults: every 30 s, 30 s to answer, three misses. */
function healthcheckOf(service: Tree, place: (line: number) => string): Probe | null {
  const check = under(service, 'healthcheck')
  const test = under(check, 'test')
  if (!check || !test || textOf(under(check, 'disable')) === 'true') return null
  return {
    at: place(check.line),
    asks: questionOf(wordsOf(test)),
    periodS: secondsOf(under(check, 'interval')) ?? 30,
    timeoutS: secondsOf(under(check, 'timeout')) ?? 30,
    failureThreshold: wholeOf(under(check, 'retries')) ?? 3,
  }
}

function questionOf(words: readonly string[]): ProbeQuestion {
  return { how: 'command', words: words.flatMap((word) => word.split(/\s+/)) }
}

/** `1m30s`, `500ms` */
function secondsOf(tree: Tree | undefined): number | null {
  const text = textOf(tree) ?? ''
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|s|m|h)/g)]
  const units: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }
  if (parts.length === 0) return null
  return parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * (units[unit] ?? 0), 0)
}
