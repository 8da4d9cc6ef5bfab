/** Looks at every address that sites send requests for PHP to; closely only at those that do not answer. */
import type { FastCgiReply, ProcessFacts, ReadHost, SocketAddress } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import type { Listener } from '../readings/listeners.ts'
import { readIpv4Addresses, readIpv6Addresses } from '../readings/local-addresses.ts'
import type { HolderFacts, UpstreamFacts } from './address-facts.ts'
import { socketWay, type FpmView } from './socket-way.ts'

export interface UpstreamQuestions {
  readonly addresses: readonly SocketAddress[]
  readonly ask: (address: SocketAddress) => Promise<FastCgiReply>
  readonly workerPid: number | null
  /** Null when the kernel's list could not be read. */
  readonly listeners: readonly Listener[] | null
  readonly processes: readonly ProcessFacts[]
  readonly views: readonly FpmView[]
}

export async function upstreamFacts(host: ReadHost, questions: UpstreamQuestions): Promise<readonly UpstreamFacts[]> {
  const { addresses, ask, workerPid, listeners, views } = questions
  return Promise.all(
    [...new Set(addresses)].map(async (address): Promise<UpstreamFacts> => {
      const reply = await ask(address)
      const holders = listeners && holdersOf(address, listeners, questions.processes)
      if (address.startsWith('unix:')) {
        const isFine = reply.kind === 'answered'
        const isDenied = reply.kind === 'cannot-connect' && reply.errno === 'EACCES'
        const going = { workerPid, views, isDenied }
        const way = isFine ? null : await socketWay(host, address.slice('unix:'.length), going)
        return { address, reply, holders, isHere: null, way }
      }
      return { address, reply, holders, isHere: await isOwn(host, address), way: null }
    }),
  )
}

function holdersOf(
  address: SocketAddress,
  listeners: readonly Listener[],
  processes: readonly ProcessFacts[],
): readonly HolderFacts[] {
  return listeners
    .filter((listener) => takes(listener.address, address))
    .flatMap((listener) =>
      listener.pids.map((pid) => {
        const { comm = '', title = '' } = processes.find((process) => process.pid === pid) ?? {}
        return { address: listener.address, pid, comm, title }
      }),
    )
}

/** Whether a connection to `address` would come to this listener. */
function takes(listener: SocketAddress, address: SocketAddress): boolean {
  if (listener === address) return true
  if (!listener.startsWith('tcp:') || !address.startsWith('tcp:')) return false
  const [on, to] = [splitTcp(listener), splitTcp(address)]
  if (on.port !== to.port) return false
  if (on.host === '*' || on.host === '[::]') return true
  return on.host === '0.0.0.0' && !to.host.startsWith('[')
}

function splitTcp(address: SocketAddress): { readonly host: string; readonly port: string } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice('tcp:'.length, colon), port: address.slice(colon + 1) }
}

/** Null for a name, and where the host's addresses cannot be read. */
async function isOwn(host: ReadHost, address: SocketAddress): Promise<boolean | null> {
  const name = splitTcp(address).host
  if (/^127\.\d+\.\d+\.\d+$/.test(name) || name === '[::1]') return true
  if (name.startsWith('[')) {
    const own = await host.readFile('/proc/net/if_inet6')
    return own.ok ? readIpv6Addresses(textOf(own.value)).has(name.slice(1, -1)) : null
  }
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(name)) return null
  const own = await host.readFile('/proc/net/fib_trie')
  return own.ok ? readIpv4Addresses(textOf(own.value)).has(name) : null
}
