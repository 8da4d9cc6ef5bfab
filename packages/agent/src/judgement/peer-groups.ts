/** Upstreams of several servers: which of them answer, and which nginx has given up for the moment. */
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { PassFacts, UpstreamFacts } from '../survey/address-facts.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { answers, failsOverHttp, isRecent } from './upstream-obstacle.ts'

export interface GroupHealth {
  /** The `upstream` block's name, or the target of the `fastcgi_pass`. */
  readonly group: string
  readonly passes: readonly PassFacts[]
  /** Its servers are the two addresses of one `localhost`. */
  readonly isLocalhost: boolean
  readonly live: readonly UpstreamFacts[]
  readonly dead: readonly UpstreamFacts[]
}

/** Of everything that leads to more than one server. */
export function peerHealth(facts: HostFacts): readonly GroupHealth[] {
  const several = facts.nginx.passes.filter(({ peers }) => peers.filter(({ isDown }) => !isDown).length > 1)
  return [...Map.groupBy(several, ({ group, target }) => group ?? target)].map(([group, passes]) => {
    const peers = passes[0]?.peers.filter(({ isDown }) => !isDown) ?? []
    const upstreams = facts.nginx.upstreams.filter(({ address }) => peers.some((peer) => peer.address === address))
    const live = upstreams.filter(({ address }) => answers(facts, address))
    return {
      group,
      passes,
      isLocalhost:
        /^localhost(:|$)/i.test(peers[0]?.target ?? '') && peers.every(({ target }) => target === peers[0]?.target),
      live,
      dead: upstreams.filter((upstream) => !live.includes(upstream)),
    }
  })
}

export interface DisabledGroup extends Pick<GroupHealth, 'passes' | 'isLocalhost'> {
  readonly errors: readonly NginxErrorEntry[]
  readonly failTimeoutS: number
}

/** A worker of nginx counts by itself; the line is written when the last server was given up before. */
const slackMs = 2000

/** Groups whose servers nginx leaves alone right now, while at least one of them would answer. */
export function disabledPeers(facts: HostFacts): readonly DisabledGroup[] {
  return peerHealth(facts)
    .filter(({ live, passes }) => live.length > 0 && passes.some(({ site }) => failsOverHttp(facts, site)))
    .flatMap(({ passes, isLocalhost }) => {
      const peers = passes.flatMap((pass) => pass.peers)
      const failTimeoutS = Math.max(...peers.map((peer) => peer.failTimeoutS))
      // nginx names the group in this line, not a server; of `localhost:9000` the host without its port.
      const names = new Set(passes.map(({ group, target }) => (group ?? target.replace(/:\d+$/, '')).toLowerCase()))
      const errors = facts.nginx.errors.filter(
        ({ kind, upstream, localTime }) =>
          kind === 'no-live-upstreams' &&
          names.has((upstream ?? '').replace(/^fastcgi:\/\//, '').toLowerCase()) &&
          isRecent(facts, localTime, failTimeoutS * 1000 + slackMs),
      )
      return errors.length === 0 ? [] : [{ passes, isLocalhost, errors, failTimeoutS }]
    })
}
