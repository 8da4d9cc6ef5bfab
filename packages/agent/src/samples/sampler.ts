/** Takes samples, gently: what there is to sample is looked up four times an hour, each sample reads a few files of /proc. */
import type { ReadHost, SocketAddress } from '../host/host.ts'
import { newTraffic, logEnds, type LogEnds } from '../execute/traffic.ts'
import { textOf } from '../readings/bytes.ts'
import { readFpmTitle, readPeakMiB } from '../readings/proc.ts'
import { readTcpUse, readUnixUse, useOf } from '../readings/socket-use.ts'
import type { SampleTargets, ServiceTarget } from '../survey/sample-targets.ts'
import { tcpTables } from '../survey/tcp-tables.ts'
import type { Sample } from './sample.ts'

const lookAgainMs = 15 * 60_000
/** After a look that found a service down, and twice that after each further one: it may be back, or be down for good. */
const lookSoonMs = 60_000

export interface Sampler {
  sample(): Promise<Sample>
}

/** All that it asks of a host. */
export type SampledHost = Pick<ReadHost, 'nowMs' | 'readFile' | 'readFrom' | 'stat'>

/** What there is to sample is found out elsewhere: that takes much more than a sample. */
export function sampler(host: SampledHost, findTargets: () => Promise<SampleTargets>): Sampler {
  let targets: SampleTargets = { services: [], accessLogs: new Map(), isAllThere: false }
  let lookedAtMs = -Infinity
  let soonMs = lookSoonMs
  let waitMs = lookAgainMs
  let ends: LogEnds = new Map()

  return {
    async sample() {
      const nowMs = host.nowMs()
      if (nowMs - lookedAtMs >= waitMs) {
        targets = await findTargets()
        lookedAtMs = nowMs
        waitMs = targets.isAllThere ? lookAgainMs : soonMs
        soonMs = targets.isAllThere ? lookSoonMs : Math.min(2 * soonMs, lookAgainMs)
        const fresh = await logEnds(host, [...targets.accessLogs.keys()])
        ends = new Map([...fresh].map(([path, end]) => [path, ends.get(path) ?? end]))
      }
      const [unix, tcp] = await Promise.all([unixUse(host), tcpUse(host)])
      const pools = (await Promise.all(targets.services.map((service) => samplePools(host, service, unix, tcp)))).flat()
      const sites = []
      for (const [path, site] of targets.accessLogs) {
        const read = await newTraffic(host, new Map([[path, ends.get(path) ?? 0]]))
        ends = new Map([...ends, ...read.ends])
        sites.push({ site, ...read.traffic })
      }
      // Something that listened is gone: it may have moved.
      if (pools.includes(null)) lookedAtMs = -Infinity
      return { at: new Date(nowMs).toISOString(), pools: pools.filter((pool) => pool !== null), sites }
    },
  }
}

type Use = ReturnType<typeof readUnixUse>
type TcpUse = ReturnType<typeof readTcpUse>

async function samplePools(
  host: SampledHost,
  { masterPid, pools }: ServiceTarget,
  unix: Use,
  tcp: TcpUse,
): Promise<readonly (Sample['pools'][number] | null)[]> {
  const peaks = await peaksByPool(host, masterPid)
  return pools.map(({ name, subject, listen }) => {
    const use = useOf(listen, unix, tcp)
    return use && { pool: subject, ...use, peakMiB: peaks.get(name) ?? null }
  })
}

/** The biggest worker of each pool. The children of a process are one file; all processes of a host would be many. */
async function peaksByPool(host: SampledHost, masterPid: number): Promise<ReadonlyMap<string, number>> {
  const children = await host.readFile(`/proc/${masterPid}/task/${masterPid}/children`)
  const pids = children.ok ? (textOf(children.value).match(/\d+/g) ?? []) : []
  const peaks = new Map<string, number>()
  for (const pid of pids) {
    const [title, status] = await Promise.all([
      host.readFile(`/proc/${pid}/cmdline`),
      host.readFile(`/proc/${pid}/status`),
    ])
    const name = title.ok ? readFpmTitle(textOf(title.value).replaceAll('\0', ' ').trimEnd()) : null
    const peakMiB = status.ok ? readPeakMiB(textOf(status.value)) : null
    if (name?.is === 'pool' && peakMiB !== null) peaks.set(name.pool, Math.max(peakMiB, peaks.get(name.pool) ?? 0))
  }
  return peaks
}

async function unixUse(host: SampledHost): Promise<ReadonlyMap<SocketAddress, { busy: number; waiting: number }>> {
  const read = await host.readFile('/proc/net/unix')
  return read.ok ? readUnixUse(textOf(read.value)) : new Map()
}

async function tcpUse(host: SampledHost): Promise<TcpUse> {
  return readTcpUse(...(await tcpTables(host)))
}
