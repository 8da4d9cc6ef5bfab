/** Where no remediation is safe, a person gets steps to type: commands, with the names of this host in them. */
import { describe, expect, test } from 'vitest'
import { readInput } from '../remediations/read-input.ts'
import { remediations } from '../remediations/registry.ts'
import type { CapacityFacts } from '../survey/capacity-facts.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import {
  sampleCapacity,
  sampleConfig,
  sampleDisk,
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  samplePool,
  samplePoolText,
  sampleUnit,
  sampleWorkers,
} from '../survey/sample-facts.ts'
import { sampleAnsweringSite, sampleFailingSite, samplePhpLocation, sampleSite } from '../survey/sample-sites.ts'
import { fpmLine, fpmWithLog, nginxLine } from '../survey/sample-lines.ts'
import { sampleUnreached } from '../survey/sample-addresses.ts'
import { diagnose } from './diagnose.ts'

const reading = 'while reading response header from upstream'
const connecting = 'while connecting to upstream'
const stderr = (said: string) => `FastCGI sent in stderr: "${said}" ${reading}`
/** The newest in the second of the look: what was asked for just now. */
const logged = (says: string, count = 3) =>
  Array.from({ length: count }, (_, i) => nginxLine({ secondsAgo: (count - 1 - i) * 10, says }))
const nginxCapacity = (changes: Partial<NonNullable<CapacityFacts['nginx']>>) =>
  sampleCapacity({ nginx: { ...sampleCapacity().nginx!, ...changes } })
const pools = (changes: Partial<PoolFacts>) => ({ pools: [samplePool(changes)] })
const died = (signal: string) => [
  fpmLine(`WARNING: [pool www] child 201 exited on signal ${signal} after 1.000000 seconds from start`, 3),
  fpmLine(`WARNING: [pool www] child 202 exited on signal ${signal} after 1.000000 seconds from start`, 1),
]
const terminated = [301, 302].flatMap((pid) => [
  fpmLine(
    `WARNING: [pool www] child ${pid}, script '/a.php' (request: "GET /a.php") execution timed out (50.5 sec), terminating`,
    3,
  ),
  fpmLine(`WARNING: [pool www] child ${pid} exited on signal 15 (SIGTERM) after 51.1 seconds from start`, 3),
])
const gone = { scriptFolder: { path: '/srv/41', exists: false, beside: ['42'] } }
const limited = (line: string) => ({ ok: true, value: sampleConfig({ pool: `${samplePoolText}${line}\n` }) }) as const

/** A host with each, so that the most that can be done is up to a person; and hosts where something is suggested. */
const hosts: Readonly<Record<string, HostFacts>> = {
  'header-too-big': sampleFacts({
    errors: logged(`upstream sent too big header ${reading}`),
    sites: [sampleSite({ phpLocations: [samplePhpLocation({ headerBuffer: { text: '128k', at: null } })] })],
  }),
  'script-not-found': sampleFacts({
    errors: logged(stderr('Primary script unknown')),
    sites: [sampleAnsweringSite(404, { phpLocations: [samplePhpLocation(gone)] })],
  }),
  'script-denied': sampleFacts({
    errors: logged(stderr("Access to the script '/srv/a' has been denied (see security.limit_extensions)")),
    sites: [sampleAnsweringSite(403)],
  }),
  'fatal-errors': sampleFacts({
    errors: logged(stderr('PHP message: PHP Fatal error:  Uncaught Error: no database')),
    sites: [sampleAnsweringSite(500)],
  }),
  'memory-limit-hit': sampleFacts({
    errors: logged(stderr('PHP message: PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to')),
    sites: [sampleAnsweringSite(500)],
  }),
  'worker-crashing': sampleFacts({
    fpm: [fpmWithLog(died('11 (SIGSEGV)'))],
    errors: [3, 1].map((secondsAgo) =>
      nginxLine({ secondsAgo, says: `recv() failed (104: Connection reset by peer) ${reading}` }),
    ),
  }),
  'terminated-by-timeout': sampleFacts({
    fpm: [fpmWithLog(terminated, { config: limited('request_terminate_timeout = 50s') })],
    errors: [nginxLine({ secondsAgo: 3, says: `recv() failed (104: Connection reset by peer) ${reading}` })],
  }),
  'upstream-timeout': sampleFacts({
    errors: logged(`upstream timed out (110: Connection timed out) ${reading}`),
    sites: [sampleAnsweringSite(504)],
  }),
  'fd-limit': sampleFacts({
    errors: logged(`socket() failed (24: Too many open files) ${connecting}`),
    capacity: nginxCapacity({ openFiles: { limit: 1_048_576, now: 1_048_576 } }),
  }),
  'nginx-connections-exhausted': sampleFacts({
    errors: logged(`65536 worker_connections are not enough ${connecting}`),
    capacity: nginxCapacity({ workerConnections: { value: 65_536, setAt: null } }),
  }),
  'fork-limit': sampleFacts({
    fpm: [fpmWithLog([fpmLine('ERROR: fork() failed: Resource temporarily unavailable (11)', 1)])],
    capacity: sampleCapacity({
      fpm: new Map([
        [
          'php8.2-fpm',
          { memory: null, held: new Map(), processes: { limit: 3, now: 3, path: '/sys/fs/cgroup/pids/x' } },
        ],
      ]),
    }),
  }),
  'disk-full': sampleFacts({
    capacity: sampleCapacity({ disks: { ok: true, value: [sampleDisk({ freeBytes: 0 })] } }),
  }),
  'pool-too-large': sampleFacts({
    fpm: [sampleFpm(pools({ maxChildren: 50, workers: sampleWorkers(5, 900) }))],
    memory: { totalMiB: 800, availableMiB: 40, cgroupLimitMiB: new Map() },
  }),
  'workers-cannot-run': sampleFacts({
    fpm: [
      fpmWithLog(
        Array.from({ length: 30 }, (_, i) =>
          fpmLine(`NOTICE: [pool www] child ${300 + i} exited with code 70 after 0.003000 seconds from start`, 2),
        ),
        pools({
          workingFolders: [
            { directive: 'chdir', path: '/srv/shop', at: '/etc/php/8.2/fpm/pool.d/www.conf:9', exists: false },
          ],
          queue: { ok: true, value: { waiting: [2, 2, 2, 2, 2], limit: 511 } },
        }),
      ),
    ],
  }),
  'fpm-config-invalid': sampleFacts({
    fpm: [
      sampleDownFpm(
        { activeState: 'failed', result: 'exit-code', execMainCode: 1, execMainStatus: 78 },
        { configTest: { ok: true, value: { passes: false, exitCode: 78, says: ['ERROR: no'] } } },
      ),
    ],
    sites: [sampleFailingSite()],
    upstreams: [sampleUnreached('unix:/run/php/php8.2-fpm.sock', 'ECONNREFUSED')],
  }),
  'no-auto-restart': sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit({ restart: 'no' }) })] }),
  'reload-drops-requests': sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig() } })] }),
  'timeouts-inconsistent': sampleFacts({ fpm: [sampleFpm({ config: limited('request_terminate_timeout = 3600s') })] }),
}

/** What a person would have to fill in first. A number that only she knows is in capitals and alone. */
const placeholder = /\b(?:USER|FILE|PATH|UNIT|NAME|POOL)\b|…/

describe.each(Object.entries(hosts))('%s', (id, facts) => {
  const findings = diagnose(facts).findings.filter(({ role }) => role === 'cause' || role === 'risk')

  test('is found', () => {
    expect(findings.map(({ diagnosis }) => diagnosis)).toContain(id)
  })

  test('and all that is found with it, comes with what can be done', () => {
    for (const { diagnosis, remediations: suggested, withoutRemediation } of findings) {
      for (const { id: named, input } of suggested) {
        const remediation = remediations.find((each) => each.id === named)
        expect(remediation && readInput(remediation, input), `${diagnosis} suggests ${named}`).toMatchObject({
          ok: true,
        })
      }
      if (suggested.length > 0) continue
      const commands = withoutRemediation?.match(/`[^`]+`/g) ?? []
      expect(commands.length, `${diagnosis}: ${withoutRemediation}`).toBeGreaterThan(0)
      expect(commands.filter((command) => placeholder.test(command))).toEqual([])
    }
  })
})
