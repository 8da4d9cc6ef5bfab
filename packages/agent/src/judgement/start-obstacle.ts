/** What keeps PHP-FPM from starting although every line of its configuration is well-formed: told from its own words. */
import type { Evidence } from '@fleetmend/shared'
import { forPeople } from '../readings/bytes.ts'
import { readFpmConfigErrors, type FpmConfigError } from '../readings/fpm-config-errors.ts'
import type { JournalEntry } from '../readings/journal.ts'
import type { FpmFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'
import { isBetweenStarts } from './stop-story.ts'

export interface StartObstacle {
  /** A clause: "the directory of its socket /run/app/php.sock does not exist". */
  readonly says: string
  /** What a person does about it, as a sentence. */
  readonly steps: string
  /** Another process listens on an address of its own: who that is, other facts may tell. */
  readonly isTaken: boolean
  readonly evidence: readonly Evidence[]
}

/**
 * Null for a service that runs, for one whose configuration is refused for its own text, and where nothing tells. What a
 * test of the configuration shows counts only while it does; what only a start shows counts until the next start.
 */
export function startObstacle(service: FpmFacts): StartObstacle | null {
  const { master, configTest, unit } = service
  if (master) return null
  if (configTest.ok && !configTest.value.passes) {
    const source = `${service.binary} -F -O -t -y ${service.configPath}`
    const errors = readFpmConfigErrors(configTest.value.says.join('\n'))
    return firstObstacle(service, errors, shownByTest, (says) => [
      { source, says: `exit code ${configTest.value.exitCode}: ${says}` },
      ...startEvidence(service),
    ])
  }
  if (unit?.activeState !== 'failed' && !isBetweenStarts(service)) return null
  const lines = lastStart(service)
  const at = lines.at(-1)?.atMs
  return firstObstacle(service, readFpmConfigErrors(lines.map(messageOf).join('\n')), shownByStart, (says) => [
    { source: `journalctl -u ${service.service}`, says, ...(at === undefined ? {} : { at: instantOf(at) }) },
    ...exitEvidence(service),
  ])
}

/**
 * What the master that failed wrote to its standard error. Known by its pid, which journald vouches for: scripts can
 * write to the journal of their service, too, but not as its main process. While systemd is at the next start already,
 * by its user, since the last start that came to something: scripts do not run as root.
 */
function lastStart(service: FpmFacts): readonly JournalEntry[] {
  const { journal, unit } = service
  if (!journal.ok || !unit || unit.execMainPid === 0) return []
  const all = journal.value
  const own = all.filter(({ pid, identifier }) => pid === unit.execMainPid && identifier !== 'systemd')
  if (own.length > 0 || !isBetweenStarts(service)) return own
  const up = all.findLastIndex(({ identifier, message }) => identifier === 'systemd' && message.startsWith('Started '))
  const since = all.slice(up + 1).filter(({ uid, identifier }) => uid === 0 && identifier !== 'systemd')
  const last = since.at(-1)?.pid
  return since.filter(({ pid }) => pid === last)
}

function messageOf({ message }: { readonly message: string }): string {
  return message
}

function startEvidence(service: FpmFacts): readonly Evidence[] {
  const [error] = readFpmConfigErrors(lastStart(service).map(messageOf).join('\n'))
  const said = error && { source: `journalctl -u ${service.service}`, says: wordsOf(error) }
  return [...(said ? [said] : []), ...exitEvidence(service)]
}

function exitEvidence({ journal, service }: FpmFacts): readonly Evidence[] {
  const exit = journal.ok
    ? journal.value.findLast(
        ({ identifier, message }) =>
          identifier === 'systemd' && /Main process exited|Failed with result 'protocol'/.test(message),
      )
    : undefined
  return exit ? [{ source: `journalctl -u ${service}, systemd`, says: exit.message, at: instantOf(exit.atMs) }] : []
}

function wordsOf({ pool, says }: FpmConfigError): string {
  return forPeople(pool === undefined ? says : `[pool ${pool}] ${says}`)
}

interface Obstacle {
  readonly pattern: RegExp
  readonly says: (match: readonly string[], service: FpmFacts) => string
  readonly steps: (match: readonly string[], service: FpmFacts) => string
}

function firstObstacle(
  service: FpmFacts,
  errors: readonly FpmConfigError[],
  known: readonly Obstacle[],
  evidence: (says: string) => readonly Evidence[],
): StartObstacle | null {
  for (const error of errors) {
    for (const { pattern, says, steps } of known) {
      const match = pattern.exec(error.says)
      if (!match) continue
      const words = [...match].map((word) => forPeople(word ?? ''))
      const pool = error.pool === undefined ? '' : ` (pool ${forPeople(error.pool)})`
      return {
        says: `${says(words, service)}${pool}`,
        steps: steps(words, service),
        isTaken: taken.test(error.says),
        evidence: evidence(wordsOf(error)),
      }
    }
  }
  return null
}

const taken = /^unable to bind .* \(98\)$|nother FPM instance seems to already listen on /

const folderOf = (path = ''): string => path.slice(0, path.lastIndexOf('/')) || '/'

/** The test has a directory of its own for logs: a disk that is full shows only at a start. */
const unopenedLog: Obstacle = {
  pattern:
    /^(?:failed to open error_log|Unable to create or open slowlog|failed to open access log) ?\((.+)\): (.+) \((\d+)\)$/,
  says: ([, path, reason = '', errno]) =>
    errno === '2' ? `the directory of its log ${path} does not exist` : `its log ${path} cannot be opened: ${reason}`,
  steps: ([, path, , errno]) =>
    errno === '2'
      ? `Make the directory (\`install -d -o root -g adm -m 0750 ${folderOf(path)}\`), or name another log.`
      : `See what is in the way of ${path}: its directory, its mode, the space left.`,
}

/** Text of php-src 7.4 to 8.4 (`fpm_unix.c`, `fpm_stdio.c`, `fpm_conf.c`, `fpm_log.c`); the match begins at index 1. */
const shownByTest: readonly Obstacle[] = [
  {
    pattern: /^cannot get uid for user '(.*?)'/,
    says: ([, user = '']) => `this host has no user ${user}`,
    steps: ([, user = '']) =>
      `Create the user (\`useradd --system ${user}\`), or name one that exists in the pool file.`,
  },
  {
    pattern: /^cannot get gid for group '(.*?)'/,
    says: ([, group = '']) => `this host has no group ${group}`,
    steps: ([, group = '']) =>
      `Create the group (\`groupadd --system ${group}\`), or name one that exists in the pool file.`,
  },
  unopenedLog,
  {
    pattern: /^the ((?:chdir|chroot|prefix) path) '(.*)' .*(?:does not exist|is not a directory)/,
    says: ([, what, path]) => `${what} ${path} does not exist`,
    steps: ([, , path]) => `Bring ${path} back (a deploy may have removed it), or change the pool file.`,
  },
  {
    pattern: /^unable to set listen address as it's already used in another pool '(.*)'$/,
    says: ([, pool]) => `two pools listen on the same address, the other is ${pool}`,
    steps: () => 'Give each pool a `listen` of its own, or remove the pool file that was copied.',
  },
  {
    pattern: /^PHP Fatal error: +(Failed opening required '(.*?)'.*)$/,
    says: ([, , path]) => `opcache.preload wants ${path}, which cannot be opened`,
    steps: ([, , path]) => `Bring ${path} back, or take opcache.preload out (\`grep -r opcache.preload /etc/php\`).`,
  },
  {
    pattern: /^PHP Fatal error: +(.*)$/,
    says: ([, error]) => `PHP fails before FPM does anything: ${error}`,
    steps: () =>
      'It comes from opcache.preload or from an extension; mend the script, or take it out of the ini files.',
  },
]

const shownByStart: readonly Obstacle[] = [
  unopenedLog,
  {
    pattern: /^unable to bind listening socket for address '(.*)': (.+) \((\d+)\)$/,
    says: ([, address, reason = '', errno = '']) =>
      bindProblems[errno]?.says(address) ?? `it cannot listen on ${address}: ${reason}`,
    steps: ([, address, , errno = '']) =>
      bindProblems[errno]?.steps(address) ??
      `See what is in the way of ${address}: the directory, its mode, its mount.`,
  },
  {
    pattern: /nother FPM instance seems to already listen on (.*)$/,
    says: ([, address]) => `another process listens on ${address}`,
    steps: ([, address]) =>
      `See who it is (\`ss -lxp\` and \`ss -ltnp\`), and end it if it should not hold ${address}.`,
  },
  {
    pattern: /^getaddrinfo: (.*)$/,
    says: ([, reason]) => `the host name in a \`listen\` line does not resolve: ${reason}`,
    steps: () => 'Listen on a number (`127.0.0.1:9000`), or mend /etc/hosts or DNS.',
  },
  {
    pattern: /^Unable to create the PID file \((.+)\)\.: (.+) \((\d+)\)$/,
    says: ([, path, reason = '', errno]) =>
      errno === '2'
        ? `the directory of its pid file ${path} does not exist`
        : `its pid file ${path} cannot be made: ${reason}`,
    steps: ([, path, , errno]) =>
      errno === '2'
        ? `Make ${folderOf(path)} (below /run by \`systemd-tmpfiles --create\`), or name another \`pid\`.`
        : `See what is in the way of ${path}: \`df -h ${folderOf(path)}\`, its mode, its mount.`,
  },
  {
    pattern: /^Unable to write to the PID file\.: (.+) \(\d+\)$/,
    says: ([, reason]) => `its pid file cannot be written: ${reason}`,
    steps: () => 'Make room where the pid file is (`df -h /run`, `du -xh /run | sort -h | tail`).',
  },
  {
    pattern: /^fork\(\) failed: (.+) \(\d+\)$/,
    says: ([, reason]) => `it may not start a single worker: ${reason}`,
    steps: (_, { service }) =>
      `See \`systemctl show -p TasksMax,TasksCurrent,LimitNPROC ${service}\` and the pids cgroups above it; raise what is reached.`,
  },
  {
    pattern: /^failed to chown\(\) the socket '(.*)': (.+) \(\d+\)$/,
    says: ([, path, reason]) => `it may not give away its socket ${path}: ${reason}`,
    steps: () => 'See listen.owner and listen.group, and whether the unit takes CAP_CHOWN away.',
  },
  {
    pattern: /^failed to set rlimit_files.* (\d+)\): .*$/,
    says: ([, limit]) => `rlimit_files = ${limit} is more than this host allows`,
    steps: () => 'Lower rlimit_files, or raise fs.nr_open.',
  },
  {
    pattern: /^please specify user and group other than root$/,
    says: () => 'a pool is to run as root, which FPM refuses',
    steps: () => 'Give the pool a user and a group of its own.',
  },
]

interface BindProblem {
  readonly says: (address?: string) => string
  readonly steps: (address?: string) => string
}

/** By the number the kernel gave. */
const bindProblems: Readonly<Record<string, BindProblem>> = {
  2: {
    says: (address) => `the directory of its socket ${address} does not exist`,
    steps: (address) =>
      `Make ${folderOf(address)} (below /run with a line in /etc/tmpfiles.d, or it is gone after the next boot).`,
  },
  28: {
    says: (address) => `no space is left where its socket ${address} should be`,
    steps: (address) =>
      `Make room there: \`df -h ${folderOf(address)}\`, \`du -xh ${folderOf(address)} | sort -h | tail\`.`,
  },
  98: {
    says: (address) => `another process listens on ${address}`,
    steps: (address) => `See who it is (\`ss -ltnp\`), and end it or move one of the two away from ${address}.`,
  },
  99: {
    says: (address) => `this host does not have the address ${address}`,
    steps: () => 'Listen on an address that `ip address` shows, or bring the missing one up before PHP-FPM starts.',
  },
}
