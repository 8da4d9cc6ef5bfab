/**
 * What a look at a host reads, as anybody else would type it: made of the record of a look at one of these very hosts, so that
 * nobody chose it. A look that asks for something new ends the benchmark until it is said here how others ask for it.
 */
import { shellWord } from '@fleetmend/shared'
import type { ProcessFacts, Read } from '../../packages/agent/src/host/host.ts'
import { unitPropertyNames } from '../../packages/agent/src/readings/unit-properties.ts'
import type { HostRecord } from '../../packages/agent/src/survey/recorded-host.ts'

/** A line of shell for each kind of read, each with as few programs as can be. */
export interface SameReads {
  /** By what is read: `files`, `sockets` … */
  readonly lines: Readonly<Record<string, string>>
  /** How many answers a look rests on. */
  readonly count: number
}

const logEndBytes = 256 * 1024

export function sameReads({ files, answers }: HostRecord): SameReads {
  const asked = [...answers.keys()]
  const about = (kind: string): readonly string[] =>
    asked.filter((each) => each.startsWith(`${kind} `)).map((each) => each.slice(kind.length + 1))
  const unknown = asked.filter((each) => !kinds.some((kind) => kind.test(each)))
  if (unknown.length > 0) throw new Error(`A look asks for ${unknown.join(', ')}, and nobody else here does.`)

  const named = namesOfProcesses(answers.get('processes')?.[0] as Read<readonly ProcessFacts[]>)
  const words = (paths: readonly string[]): string => paths.map((path) => wordFor(path, named)).join(' ')
  const logs = about('log')
  const texts = [...files.keys(), ...about('read')].filter((path) => !logs.includes(path))
  const [fpm = '', config = ''] = about('ask fpm-config-test')[0]?.split(' ') ?? []
  const [nginx = ''] = about('ask nginx-config-test')[0]?.split(' ') ?? []
  const units = about('ask unit-properties')[0]?.split(' ') ?? []
  const lines = {
    units: `systemctl show --property=${unitPropertyNames.join(',')} -- ${units.map((unit) => `${unit}.service`).join(' ')}`,
    processes: 'ps -e -o pid,ppid,state,lstart,time,uid,comm,args',
    sockets: 'ss -H -x -t -l -n -p',
    files: `${findProcesses}; cat -- ${words(texts)}`,
    stats: `stat --printf='%n %F %a %u %g %s %Y %Z %d %i\\n' -- ${words(about('stat'))}`,
    folders: `${findProcesses}; ls -A -- ${words(about('list'))}`,
    links: `${findProcesses}; readlink -- ${words(about('link'))}`,
    targets: `readlink -f -- ${words(about('resolve'))}`,
    logs: `tail -c ${logEndBytes} -- ${words(logs)}`,
    fpmTest: `${fpm} -F -O -t -y ${config}`,
    nginxTest: `${nginx} -t -q`,
    spaces: `df --block-size=1 --output=size,avail,itotal,iavail,target -- ${words(about('space'))}`,
    accounts: `getent passwd ${words(about('user'))}; getent group ${words(about('group'))}`,
    answers: asked.flatMap(urlOf).map(curl).join('; '),
  }
  return { lines, count: files.size + asked.filter((each) => !/^log |^read /.test(each)).length }
}

/** As one script, whose processes are looked for once; what is not there is no failure. */
export function asOneScript({ lines }: SameReads): string {
  const bare = Object.values(lines).map((line) => line.replace(`${findProcesses}; `, ''))
  return `${findProcesses}; { ${bare.join('; ')}; } 2>&1; true`
}

const kinds = [
  /^processes$/,
  /^(stat|list|link|resolve|read|log|space|user|group) /,
  /^ask (unit-properties|listeners|fpm-config-test|nginx-config-test)\b/,
  /^(http|fastcgi) /,
]

/** Pid files and one program tell what a look knows of the processes that it has listed. */
const findProcesses =
  'read -r fpm < /run/php/php8.2-fpm.pid; read -r nginx < /run/nginx.pid; set -- $(pgrep -P $nginx) $(pgrep -P $fpm)'

/** `$fpm`, `$nginx`, and `$1` … for workers, nginx's first: by the pid on the host that was recorded. */
function namesOfProcesses(read: Read<readonly ProcessFacts[]>): ReadonlyMap<string, string> {
  if (!read.ok) throw new Error(`The processes could not be read: ${read.says}`)
  const masterOf = (title: string) => read.value.find((process) => process.title.startsWith(title))?.pid ?? 0
  const [fpm, nginx] = [masterOf('php-fpm: master'), masterOf('nginx: master')]
  const workers = [nginx, fpm].flatMap((master) => read.value.filter(({ parentPid }) => parentPid === master))
  return new Map([
    [String(fpm), '$fpm'],
    [String(nginx), '$nginx'],
    ...workers.map(({ pid }, index): [string, string] => [String(pid), `$${index + 1}`]),
  ])
}

function wordFor(path: string, named: ReadonlyMap<string, string>): string {
  const [, pid = '', rest = ''] = /^\/proc\/(\d+)(\/.*)$/.exec(path) ?? []
  if (pid === '') return shellWord(path)
  const name = named.get(pid)
  if (name === undefined) throw new Error(`A look read ${path}, and it is not known whose that is.`)
  return `/proc/${name}${rest}`
}

/** Through nginx's worker to PHP-FPM, which others have no FastCGI for: a page of PHP tells the same. */
function urlOf(asked: string): readonly string[] {
  const [kind, address = '', name = '', path = ''] = asked.split(' ')
  if (kind === 'http') return [`-H ${shellWord(`Host: ${name}`)} ${shellWord(`http://${address}${path}`)}`]
  return kind === 'fastcgi' ? ['http://127.0.0.1/ok.php'] : []
}

function curl(words: string): string {
  return `curl -s -o /dev/null -w '%{http_code} %{time_total}\\n' ${words}`
}
