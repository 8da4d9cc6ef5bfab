/** A host that dials nobody, with an sshd in front of its agent, and a controller that may come to it. */
import type { HostRecordView } from '@fleetmend/shared'
import { handOnTo } from '../../packages/agent/src/serve/hand-on.ts'
import { boundSshd, type BoundSshd } from '../../packages/ssh/test/bound-sshd.ts'
import { fleetmend } from './terminal.ts'
import { openWorld, type Member, type World } from './world.ts'

export interface Reached extends AsyncDisposable {
  readonly world: World
  readonly host: Member
  readonly sshd: BoundSshd
  /** The controller's own. */
  readonly publicKey: string
  /** `hosts add web-7` as it was prepared. */
  add(...words: readonly string[]): ReturnType<typeof fleetmend>
  listed(): Promise<HostRecordView | undefined>
}

export async function reachable(id = 'web-7', fleet?: string): Promise<Reached> {
  const world = await openWorld()
  const host = await world.install(id, fleet)
  let api = world.api()
  const { publicKey } = await api.hosts.sshAccess.query()
  const sshd = await boundSshd({ command: stdioTo(host.agentSocket), authorized: () => publicKey })
  return {
    ...{ world, host, sshd, publicKey },
    add: (...words) => fleetmend(world, ['hosts', 'add', id, '--ssh', `fleetmend@127.0.0.1:${sshd.port}`, ...words]),
    async listed() {
      const ask = async () => (await api.hosts.list.query({})).find((each) => each.id === id)
      // The controller may have been away meanwhile.
      return ask().catch(() => {
        api = world.api()
        return ask()
      })
    },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await sshd[Symbol.asyncDispose]()
    },
  }
}

export async function installedBehindSshd(world: World, id: string, publicKey: string): Promise<BoundSshd> {
  const { agentSocket } = await world.install(id)
  return boundSshd({ command: stdioTo(agentSocket), authorized: () => publicKey })
}

/** What `fleetmend-agent stdio` does. */
function stdioTo(agentSocket: string): Parameters<typeof boundSshd>[0]['command'] {
  return async (input, output, errors) => {
    const end = await handOnTo(agentSocket, input, output)
    if (end.is === 'ended') return 0
    errors.write(`${end.says}\n`)
    return end.is === 'denied' ? 3 : 5
  }
}
