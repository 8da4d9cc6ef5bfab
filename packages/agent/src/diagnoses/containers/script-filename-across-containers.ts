/** nginx asks FPM for a script by a path at which the code is in nginx's container, and not in FPM's. */
import type { Finding } from '@fleetmend/shared'
import { containerPairs, type ContainerPair } from '../../judgement/container-pairs.ts'
import type { Mount } from '../../readings/manifests/workload.ts'
import { fastcgiParameter, scriptFolderOf } from '../../readings/nginx-script.ts'
import { defineContainersDiagnosis } from '../define.ts'

export const scriptFilenameAcrossContainers = defineContainersDiagnosis({
  id: 'script-filename-across-containers',
  title: 'nginx and PHP see the code at different paths',
  role: 'cause',
  meaning:
    'nginx sends SCRIPT_FILENAME, mostly $document_root and the path that was asked for, and PHP-FPM opens that file in ' +
    'its own container. Where the same code is mounted at another path there, it finds nothing: "Primary script ' +
    'unknown", answered as 404 "File not found.", while pictures and styles, which nginx reads itself, arrive. Said only ' +
    'where both containers mount the same files and nothing is mounted where nginx points; code that is part of an ' +
    'image cannot be seen from these files.',
  judge: (workloads) => {
    const findings = containerPairs(workloads).flatMap(judgePair)
    return findings.filter(({ says }, index) => findings.findIndex((other) => other.says === says) === index)
  },
})

function judgePair({ nginx, fpm, workload, fpmWorkload, location }: ContainerPair): readonly Finding[] {
  const parameter = fastcgiParameter(location.levels, 'SCRIPT_FILENAME')
  const folder = parameter && scriptFolderOf(parameter.args[1] ?? '', location.documentRoot)
  if (!parameter || folder === null || covering(fpm.mounts, folder)) return []
  const shown = covering(nginx.mounts, location.documentRoot ?? folder)
  if (!shown) return []
  const inSource = join(shown.sourcePath, below(shown.target, location.documentRoot ?? folder) ?? '')
  const [there] = fpm.mounts.flatMap((mount) => {
    const rest = mount.source === shown.source ? below(mount.sourcePath, inSource) : null
    return rest === null ? [] : [{ mount, path: join(mount.target, rest) }]
  })
  if (!there || there.path === folder) return []
  const at = nginx.nginx.placeOf(parameter.path, parameter.line)
  const place = nginx.nginx.placeOf(location.directive.path, location.directive.line)
  return [
    {
      diagnosis: 'script-filename-across-containers',
      role: 'cause',
      subject: { kind: 'workload', name: fpmWorkload.subject },
      says:
        `nginx (${workload.subject}, container ${nginx.name}) asks PHP-FPM for scripts below ${folder}, but in container ` +
        `${fpm.name} the same code is at ${there.path}: every page ends as 404 "File not found."`,
      evidence: [
        { source: at, says: `fastcgi_param SCRIPT_FILENAME ${parameter.args[1]}` },
        {
          source: place,
          says: `location ${location.directive.args.join(' ')}, document root ${location.documentRoot ?? 'unknown'}`,
        },
        { source: shown.at, says: `container ${nginx.name} mounts the code at ${shown.target}` },
        { source: there.mount.at, says: `container ${fpm.name} mounts it at ${there.mount.target}` },
      ],
      remediations: [],
      withoutRemediation:
        `Mount the code at the same path in both containers, or write \`fastcgi_param SCRIPT_FILENAME ` +
        `${there.path}$fastcgi_script_name;\` in that location, after what it includes.`,
    },
  ]
}

/** The mount that shows a path: of several the longest, as the kernel has it. */
function covering(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts
    .filter(({ target }) => below(target, path) !== null)
    .toSorted((a, b) => b.target.length - a.target.length)[0]
}

/** `/b` of `/a/b` below `/a`; empty for the folder itself, null for what is elsewhere. */
function below(folder: string, path: string): string | null {
  if (folder === '/') return path === '/' ? '' : path
  if (path === folder) return ''
  return path.startsWith(`${folder}/`) ? path.slice(folder.length) : null
}

function join(folder: string, rest: string): string {
  return `${folder === '/' ? '' : folder}${rest}` || '/'
}
