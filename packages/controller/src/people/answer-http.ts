/** What a single HTTP request is answered with: a call of the API, or a session that begins or ends. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { API_PATH, peopleLimits, problem, SESSION_PATH, type Problem } from '@fleetmend/shared'
import type { AnyTRPCRouter } from '@trpc/server'
import type { Answer } from '../api/controller-service.ts'
import { statusOf } from '../fleet/turn-away.ts'
import type { Clock } from '../runs/clock.ts'
import type { Caller } from './caller.ts'
import { answerHttpCall, bare, httpCallOf, sendProblem } from './http-calls.ts'
import type { People } from './people.ts'
import { SESSION_COOKIE, type Asking } from './sign-in.ts'

export interface AnswerHttpParts {
  readonly people: People
  readonly clock: Pick<Clock, 'nowMs'>
  readonly router: AnyTRPCRouter
  readonly whoAsks: (request: IncomingMessage, wants: Asking['wants']) => Promise<Answer<Caller>>
  readonly contextFor: (caller: Caller) => Promise<unknown>
  readonly onBug: (path: string, error: unknown) => void
}

export function answerHttp(
  parts: AnswerHttpParts,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { router, whoAsks, contextFor, onBug } = parts
  /** Of each name, as on a line. */
  const running = new Map<string | null, number>()

  return async (request, response) => {
    const path = pathOf(request)
    if (path === SESSION_PATH) return await answerSession(parts, request, response)
    const call = httpCallOf(request, API_PATH)
    if (!call) return refuse(response, nothingHere(path))
    const caller = await whoAsks(request, call.type === 'query' ? 'to-read' : 'to-change')
    if (!caller.ok) return refuse(response, caller.problem)
    const { name } = caller.value
    const others = running.get(name) ?? 0
    if (others >= peopleLimits.calls) return refuse(response, tooManyAtOnce)
    running.set(name, others + 1)
    try {
      const createContext = () => contextFor(caller.value)
      await answerHttpCall(request, response, call, { router, createContext, onError: onBug })
    } finally {
      const left = (running.get(name) ?? 1) - 1
      if (left === 0) running.delete(name)
      else running.set(name, left)
    }
  }
}

async function answerSession(
  { people, clock, whoAsks }: AnswerHttpParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST' && request.method !== 'DELETE') return refuse(response, nothingHere(SESSION_PATH))
  const caller = await whoAsks(request, 'to-change')
  if (!caller.ok) return refuse(response, caller.problem)
  if (request.method === 'DELETE') {
    await people.endSession(caller.value)
    return setCookie(response, '', 0)
  }
  const opened = await people.openSession(caller.value)
  if (!opened.ok) return refuse(response, opened.problem)
  const { secret, expiresAt } = opened.value
  setCookie(response, secret, Math.floor((Date.parse(expiresAt) - clock.nowMs()) / 1000))
}

function setCookie(response: ServerResponse, secret: string, lifeS: number): void {
  const cookie = `${SESSION_COOKIE}=${secret}; Path=/; Max-Age=${lifeS}; HttpOnly; Secure; SameSite=Strict`
  response.writeHead(204, { ...bare, 'set-cookie': cookie }).end()
}

export function pathOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?')[0] ?? ''
}

export function nothingHere(path: string): Problem {
  return problem('bad-input', `There is nothing at ${JSON.stringify(path.slice(0, 200))}. The API is at ${API_PATH}.`)
}

const tooManyAtOnce = problem(
  'too-many-requests',
  `${peopleLimits.calls} of your requests are being answered at this moment. Ask again when one of them is done.`,
)

function refuse(response: ServerResponse, told: Problem): void {
  sendProblem(response, told, statusOf(told))
}
