/**
 * What our reading says that nginx will do, beside what it does: which server answers to a name, which location passes a
 * request on and to whom, with which parameters, document root, time limit and access log.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readNginxConfig, type NginxConfig } from '../../../packages/agent/src/readings/nginx-config.ts'
import { effectiveDirectives } from '../../../packages/agent/src/readings/nginx-inheritance.ts'
import type { NginxPhpLocation } from '../../../packages/agent/src/readings/nginx-locations.ts'
import { accessLogs, packagedBuild } from '../../../packages/agent/src/readings/nginx-log-paths.ts'
import { nginxSites, type NginxSite } from '../../../packages/agent/src/readings/nginx-sites.ts'
import { nginxTimeMs } from '../../../packages/agent/src/readings/nginx-values.ts'
import { hostsAreImpossible } from '../../lab/can-boot-hosts.ts'
import { openTree, type DebianTree } from '../../lab/debian-tree.ts'
import { randomly } from './chosen-at-random.ts'
import { respondAt, type Sent } from './fastcgi-responder.ts'
import { askAll, startNginx, type Answered, type Ask } from './nginx-process.ts'
import { debugLog, main, webs, type Web } from './nginx-webs.ts'

const releases = [
  { release: 'debian11', nginx: '1.18' },
  { release: 'debian12', nginx: '1.22' },
  { release: 'debian13', nginx: '1.26' },
] as const

describe.skipIf(await hostsAreImpossible()).each(releases)('nginx $nginx', ({ release }) => {
  let tree: DebianTree
  beforeAll(async () => {
    tree = await openTree(release)
  })
  afterAll(() => tree?.[Symbol.asyncDispose]())

  test('answers each probe from the server it is for, and passes on as we read', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(webs, async (web) => {
        const sites = nginxSites(read(web.text))
        const asks = [...probesOf(sites, web), ...everywhere(web)]
        const seen = await askRunning(web, asks)
        const differences = seen.flatMap(({ ask, sent, limitsMs, logs }) => {
          if (sent === null) return []
          const found = locationOf(sites, sent.to)
          if (!found) return [`${sent.to} is in no location that we found`]
          return found.location
            ? differencesOf(found.location, sent, limitsMs, logs).map(
                (says) => `${ask.at} ${ask.host}${ask.path}: ${says}`,
              )
            : []
        })
        expect([...differences, ...misled(sites, seen)]).toEqual([])
      }),
      randomly(12),
    )
  })

  /** It has stopped when this resolves: a request is logged after its answer has arrived. */
  async function answersOf(asks: readonly Ask[]): Promise<readonly Answered[]> {
    await using _nginx = await startNginx(tree, main)
    return await askAll(tree, asks)
  }

  interface Seen {
    readonly ask: Ask
    /** Null where nginx answered by itself. */
    readonly sent: Sent | null
    readonly limitsMs: readonly number[]
    readonly logs: readonly string[]
  }

  async function askRunning(web: Web, asks: readonly Ask[]): Promise<readonly Seen[]> {
    tree.remove('/t')
    tree.write(
      new Map([
        [main, web.text],
        ['/t/', ''],
      ]),
    )
    await using responders = new AsyncDisposableStack()
    for (const name of web.responders) responders.use(await respondAt(tree.at(`/t/${name}.sock`), name))
    const marked = asks.map((ask, place) => ({
      ...ask,
      path: `${ask.path}${ask.path.includes('?') ? '&' : '?'}n=${place}`,
    }))
    const answers = await answersOf(marked)
    const timers = timersIn(readFileSync(tree.at(debugLog), 'latin1'))
    const logged = web.logs.map((path) => ({ path, text: readFileSync(tree.at(path), 'latin1') }))
    return asks.map((ask, place) => {
      const body = answers[place]?.body ?? ''
      return {
        ask,
        sent: body.startsWith('{"to"') ? (JSON.parse(body) as Sent) : null,
        limitsMs: timers.get(place) ?? [],
        logs: logged.filter(({ text }) => new RegExp(`[?&]n=${place} `).test(text)).map(({ path }) => path),
      }
    })
  }
})

function read(text: string): NginxConfig {
  const reading = readNginxConfig(
    main,
    () => ({ ok: true, text }),
    () => [],
  )
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}

/** The probe that we would make of each site. */
function probesOf(sites: readonly NginxSite[], { paths }: Web): readonly Ask[] {
  return sites.flatMap(({ listen, serverName }) =>
    listen ? paths.map((path) => ({ at: `${listen.address}:${listen.port}`, host: serverName, path })) : [],
  )
}

function everywhere({ addresses, hosts }: Web): readonly Ask[] {
  return addresses.flatMap((at) => hosts.map((host) => ({ at, host, path: '/x.php' })))
}

/** Timers that nginx set for each request, by the number in its query. */
function timersIn(log: string): ReadonlyMap<number, readonly number[]> {
  const requests = new Map<string, number>()
  const timers = new Map<number, number[]>()
  for (const line of log.split('\n')) {
    const connection = / \*(\d+) /.exec(line)?.[1]
    if (connection === undefined) continue
    const asked = /http request line: ".*[?&]n=(\d+) HTTP/.exec(line)?.[1]
    if (asked !== undefined) requests.set(connection, Number(asked))
    const timer = /event timer add: \d+: (\d+):/.exec(line)?.[1]
    const request = requests.get(connection)
    if (timer === undefined || request === undefined) continue
    timers.set(request, [...(timers.get(request) ?? []), Number(timer)])
  }
  return timers
}

function locationOf(
  sites: readonly NginxSite[],
  responder: string,
): { readonly site: NginxSite; readonly location: NginxPhpLocation | undefined } | undefined {
  const leadsTo = ({ passes }: Pick<NginxSite, 'passes'>) =>
    passes.some(({ target }) => target === `unix:/t/${responder}.sock`)
  const site = sites.find(leadsTo)
  return site && { site, location: site.locations.find(leadsTo) }
}

/** What holds in this location by our reading, against what the request carried and met. */
function differencesOf(
  { levels, documentRoot }: NginxPhpLocation,
  { params }: Sent,
  limitsMs: readonly number[],
  logs: readonly string[],
): readonly string[] {
  const lines: string[] = []
  const compare = (what: string, ours: unknown, its: unknown): void => {
    if (JSON.stringify(ours) !== JSON.stringify(its))
      lines.push(`${what}: ${JSON.stringify(ours)}; nginx has ${JSON.stringify(its)}`)
  }
  const written = effectiveDirectives(levels, 'fastcgi_param').map(({ args }) => args[0] ?? '')
  const own = (names: readonly string[]) => names.filter((name) => !name.startsWith('HTTP_')).toSorted()
  compare('parameters', own([...new Set(written)]), own(Object.keys(params)))
  if (documentRoot !== null && params['ROOT'] !== undefined)
    compare('document root', documentRoot.replace(/\/$/, ''), params['ROOT'].replace(/\/$/, ''))
  const [limit] = effectiveDirectives(levels, 'fastcgi_read_timeout')
  const limitMs = nginxTimeMs(limit?.args[0] ?? '60s')
  if (limitMs === null || !limitsMs.includes(limitMs)) compare('read timeout', limitMs, limitsMs)
  compare(
    'access logs',
    accessLogs(levels, packagedBuild)
      .filter((path) => path.startsWith('/t/'))
      .toSorted(),
    logs.toSorted(),
  )
  return lines
}

/** Probes that another server answered, and servers that we called unreachable although a request reached them. */
function misled(
  sites: readonly NginxSite[],
  seen: readonly { readonly ask: Ask; readonly sent: Sent | null }[],
): readonly string[] {
  const targets = ({ passes }: NginxSite) => new Set(passes.map(({ target }) => target))
  return sites.flatMap((site) => {
    const own = targets(site)
    const reached = seen.filter(({ sent }) => sent && own.has(`unix:/t/${sent.to}.sock`))
    const { listen, serverName } = site
    if (listen === null) {
      const isPlain = !site.serverNames.some((name) => name.startsWith('~'))
      return isPlain
        ? reached.map(({ ask }) => `${site.unreachable}: but ${ask.host} at ${ask.at} leads to ${serverName}`)
        : []
    }
    const probes = seen.filter(({ ask }) => ask.host === serverName && ask.at === `${listen.address}:${listen.port}`)
    return probes
      .filter(({ sent }) => sent && !own.has(`unix:/t/${sent.to}.sock`))
      .map(({ ask, sent }) => `the probe ${ask.host} at ${ask.at} for ${[...own].join(' ')} went to ${sent?.to}`)
  })
}
