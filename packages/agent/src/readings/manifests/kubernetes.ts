/** Workloads of Kubernetes objects: pods and what makes pods, with the ConfigMaps they mount and the Services that lead to them. */
import { fpmOf, nginxOf, type SeenFile } from './container-files.ts'
import type { GivenTree } from './given-files.ts'
import { whatRuns, type Container, type Mount, type Probe, type ProbeQuestion, type Workload } from './workload.ts'
import { entriesOf, itemsOf, textOf, under, wholeOf, type Tree } from '../yaml/yaml-tree.ts'

/** Those whose pods serve until somebody ends them; a Job's do not. */
const kinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Pod'])

export function readKubernetes(documents: readonly GivenTree[]): readonly Workload[] {
  const objects = documents.flatMap(({ file, tree }) => unlisted(tree).map((each) => ({ file, tree: each })))
  const configMaps = new Map(
    objects.filter(isOf('ConfigMap')).map((object) => [`${namespaceOf(object)}/${nameOf(object)}`, object]),
  )
  const services = objects.filter(isOf('Service'))
  return objects
    .filter(({ tree }) => kinds.has(textOf(under(tree, 'kind')) ?? ''))
    .map((object) => readWorkload(object, configMaps, services))
}

/** `kubectl get -o yaml` prints a List. */
function unlisted(tree: Tree): readonly Tree[] {
  return (textOf(under(tree, 'kind')) ?? '').endsWith('List') && under(tree, 'items')
    ? itemsOf(under(tree, 'items'))
    : [tree]
}

function isOf(kind: string): (object: GivenTree) => boolean {
  return ({ tree }) => textOf(under(tree, 'kind')) === kind
}

const nameOf = ({ tree }: GivenTree): string => textOf(under(tree, 'metadata', 'name')) ?? 'without a name'
const namespaceOf = ({ tree }: GivenTree): string => textOf(under(tree, 'metadata', 'namespace')) ?? 'default'

function readWorkload(
  object: GivenTree,
  configMaps: ReadonlyMap<string, GivenTree>,
  services: readonly GivenTree[],
): Workload {
  const { file, tree } = object
  const kind = textOf(under(tree, 'kind')) ?? ''
  const template = kind === 'Pod' ? tree : under(tree, 'spec', 'template')
  const spec = under(template, 'spec')
  const pod: Pod = { object, spec, configMaps, place: (line) => `${file.name}:${line}` }
  const containers = itemsOf(under(spec, 'containers')).map((container) => readContainer(pod, container))
  return {
    kind,
    name: nameOf(object),
    subject: `${kind}/${nameOf(object)}`,
    from: 'kubernetes',
    at: pod.place(tree.line),
    hostNames: services
      .filter(
        (service) =>
          namespaceOf(service) === namespaceOf(object) && selects(service, under(template, 'metadata', 'labels')),
      )
      .flatMap((service) => {
        const [name, namespace] = [nameOf(service), namespaceOf(service)]
        return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`]
      }),
    containers,
  }
}

function selects({ tree }: GivenTree, labels: Tree | undefined): boolean {
  const wanted = entriesOf(under(tree, 'spec', 'selector'))
  return wanted.length > 0 && wanted.every(([key, value]) => textOf(under(labels, key)) === textOf(value))
}

interface Pod {
  readonly object: GivenTree
  readonly spec: Tree | undefined
  readonly configMaps: ReadonlyMap<string, GivenTree>
  readonly place: (line: number) => string
}

function readContainer(pod: Pod, container: Tree): Container {
  const image = textOf(under(container, 'image'))
  const words = [...itemsOf(under(container, 'command')), ...itemsOf(under(container, 'args'))].map(
    (word) => textOf(word) ?? '',
  )
  const mounted = itemsOf(under(container, 'volumeMounts')).map((mount) => readMount(pod, mount))
  const files = mounted.flatMap((mount) => mount.files)
  const environment = new Map(
    itemsOf(under(container, 'env')).flatMap((entry) => {
      const [name, value] = [textOf(under(entry, 'name')), textOf(under(entry, 'value'))]
      return name === null || value === null ? [] : [[name, value] as const]
    }),
  )
  const [nginx, fpm] = [nginxOf(files, environment), fpmOf(files)]
  const runs = whatRuns(image, words)
  return {
    name: textOf(under(container, 'name')) ?? 'without a name',
    at: pod.place(container.line),
    image,
    runsNginx: runs.runsNginx || nginx !== null,
    runsFpm: runs.runsFpm || fpm !== null,
    ports: itemsOf(under(container, 'ports')).flatMap((port) => {
      const number = wholeOf(under(port, 'containerPort'))
      return number === null ? [] : [{ name: textOf(under(port, 'name')), port: number }]
    }),
    liveness: readProbe(pod, under(container, 'livenessProbe')),
    readiness: readProbe(pod, under(container, 'readinessProbe')),
    mounts: mounted.flatMap(({ mount }) => mount ?? []),
    ...{ nginx, fpm },
  }
}

/** Defaults of the API: every 10 s, 1 s to answer, three misses. */
function readProbe(pod: Pod, probe: Tree | undefined): Probe | null {
  if (probe?.kind !== 'map') return null
  return {
    at: pod.place(probe.line),
    asks: questionOf(probe),
    periodS: wholeOf(under(probe, 'periodSeconds')) ?? 10,
    timeoutS: wholeOf(under(probe, 'timeoutSeconds')) ?? 1,
    failureThreshold: wholeOf(under(probe, 'failureThreshold')) ?? 3,
  }
}

function questionOf(probe: Tree): ProbeQuestion {
  const [http, tcp, command] = [under(probe, 'httpGet'), under(probe, 'tcpSocket'), under(probe, 'exec', 'command')]
  if (http) return { how: 'http', path: textOf(under(http, 'path')) ?? '/', port: textOf(under(http, 'port')) ?? '' }
  if (tcp) return { how: 'tcp', port: textOf(under(tcp, 'port')) ?? '' }
  if (command) return { how: 'command', words: itemsOf(command).map((word) => textOf(word) ?? '') }
  return { how: 'other' }
}

interface Mounted {
  readonly mount: Mount | null
  readonly files: readonly SeenFile[]
}

function readMount(pod: Pod, mount: Tree): Mounted {
  const [name, target] = [textOf(under(mount, 'name')), textOf(under(mount, 'mountPath'))?.replace(/(?<=.)\/$/, '')]
  if (name === null || target === undefined) return { mount: null, files: [] }
  const volume = itemsOf(under(pod.spec, 'volumes')).find((each) => textOf(under(each, 'name')) === name)
  const subPath = textOf(under(mount, 'subPath')) ?? ''
  const { source, path } = sourceOf(pod, name, volume)
  const at = pod.place(mount.line)
  const sourcePath = `${path}/${subPath}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  return { mount: { source, sourcePath, target, at }, files: configFiles(pod, volume, target, subPath) }
}

/** A claim and a folder of the node are the same for all pods; other volumes are each pod's own. */
function sourceOf(
  pod: Pod,
  name: string,
  volume: Tree | undefined,
): { readonly source: string; readonly path: string } {
  const claim = textOf(under(volume, 'persistentVolumeClaim', 'claimName'))
  const folder = textOf(under(volume, 'hostPath', 'path'))
  if (claim !== null) return { source: `claim ${namespaceOf(pod.object)}/${claim}`, path: '/' }
  if (folder !== null) return { source: 'node', path: folder }
  return { source: `${textOf(under(pod.object.tree, 'kind'))}/${nameOf(pod.object)} ${name}`, path: '/' }
}

/** Each key of a ConfigMap is a file; `items` picks and renames, `subPath` picks one. */
function configFiles(pod: Pod, volume: Tree | undefined, target: string, subPath: string): readonly SeenFile[] {
  const name = textOf(under(volume, 'configMap', 'name'))
  const configMap = name === null ? undefined : pod.configMaps.get(`${namespaceOf(pod.object)}/${name}`)
  if (!configMap) return []
  const items = itemsOf(under(volume, 'configMap', 'items'))
  const renamed = new Map(items.map((item) => [textOf(under(item, 'key')), textOf(under(item, 'path'))]))
  return entriesOf(under(configMap.tree, 'data')).flatMap(([key, value]): readonly SeenFile[] => {
    const path = items.length > 0 ? renamed.get(key) : key
    const text = textOf(value)
    if (path === undefined || path === null || text === null || (subPath !== '' && path !== subPath)) return []
    return [
      { path: subPath === '' ? `${target}/${path}` : target, text, placeOf: (line) => placeIn(configMap, value, line) },
    ]
  })
}

/** A line of a literal block is a line of the file; of other texts only the key is known. */
function placeIn({ file }: GivenTree, value: Tree, line: number): string {
  const first = value.kind === 'scalar' ? value.textLine : null
  return `${file.name}:${first === null ? value.line : first + line - 1}`
}
