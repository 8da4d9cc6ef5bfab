/** Somebody with a token, at the address for people of a whole system, with the line that the command line uses. */
import { request, type RequestOptions } from 'node:https'
import type { TRPCClient } from '@trpc/client'
import { clientOver, problemOf, type Peer, type PersonRole, type Problem, type ProblemCode } from '@fleetmend/shared'
import { connectNetwork } from '../../packages/cli/src/connection/connect-network.ts'
import type { Connected } from '../../packages/cli/src/connection/connect-socket.ts'
import { lookAtServer, type Trusted } from '../../packages/cli/src/connection/server-trust.ts'
import type { ApiRouter } from '../../packages/controller/src/index.ts'
import type { World } from './world.ts'

export interface Client {
  readonly peer: Peer
  readonly api: TRPCClient<ApiRouter>
}

export interface Powers {
  readonly selector?: string
  readonly readOnly?: boolean
  readonly lifeMs?: number
}

/** Made over the socket, as root on the controller's machine does. */
export async function tokenFor(world: World, name: string, role: PersonRole, powers: Powers = {}) {
  const { secret, token } = await world
    .api()
    .tokens.create.mutate({ name, roles: [role], lifeMs: 60 * 60_000, ...powers })
  return { secret, id: token.id }
}

const authorities = new WeakMap<World, Trusted>()

/** Looked up once: it stays the same over restarts. */
export async function authorityOf(world: World): Promise<Trusted> {
  const known = authorities.get(world) ?? (await lookedUp(world))
  authorities.set(world, known)
  return known
}

async function lookedUp(world: World): Promise<Trusted> {
  const looked = await lookAtServer(world.apiUrl())
  if (!looked.ok) throw new Error(looked.says)
  return [looked.value.chain.at(-1)?.toString() ?? '']
}

export async function dial(world: World, token: string): Promise<Connected> {
  return connectNetwork({ url: world.apiUrl(), token, trusted: await authorityOf(world) })
}

export async function clientOf(world: World, token: string): Promise<Client> {
  const connected = await dial(world, token)
  if (!connected.ok) throw new Error(connected.problem.detail)
  const { peer } = connected
  return { peer, api: clientOver<ApiRouter>(peer) }
}

/** Null: it was answered. */
export async function problemIn(call: Promise<unknown>): Promise<Problem | null> {
  return call.then(() => null, problemOf)
}

export async function codeOf(call: Promise<unknown>): Promise<ProblemCode | null> {
  return (await problemIn(call))?.code ?? null
}

export interface Responded {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** One HTTP request, with whatever headers. */
export async function http(
  world: World,
  path: string,
  { body, ...options }: RequestOptions & { readonly body?: string } = {},
): Promise<Responded> {
  const { port } = new URL(world.apiUrl())
  const [ca = ''] = await authorityOf(world)
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, ca, agent: false, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}

/** The code in the answer to an HTTP call; null: there is none. */
export function codeIn({ body }: Responded): ProblemCode | null {
  const document = body === '' ? {} : (JSON.parse(body) as { error?: { data?: unknown }; problem?: unknown })
  const data = document.error?.data ?? (document.problem === undefined ? undefined : document)
  return data === undefined ? null : problemOf({ data }).code
}
