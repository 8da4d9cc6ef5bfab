/**
 * The agent for one session of root on this host, over standard input and output: it ends with whoever started it. What
 * only looks leaves nothing behind, so the agent's folder is opened by the first question that needs it.
 */
import { problemError } from '@fleetmend/shared'
import { Peer } from '@fleetmend/shared/wire/peer'
import { streamChannel, type ByteStream } from '@fleetmend/shared/wire/stream-channel'
import type { OwnState } from '../own-state.ts'
import type { AgentService } from '../router.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { agentService, lookingService, type ServedHost } from './agent-service.ts'
import { answeredBy, type AnsweredHost } from './answer-calls.ts'

export interface RootSession extends Pick<ServedHost, 'host' | 'start'>, Pick<AnsweredHost, 'say'> {
  /** Who it is, for the record. */
  readonly root: string
  readonly paths: StatePaths
  readonly open: () => Promise<OwnState>
}

/** Until the session has ended, and what it began is in the hands of its own unit. */
export async function answerRoot(session: RootSession, stream: ByteStream): Promise<void> {
  const agent = lateService(session)
  const beginning = new Set<Promise<unknown>>()
  const counted: AgentService = {
    ...agent,
    apply(...words) {
      const begun = agent.apply(...words).finally(() => beginning.delete(begun))
      beginning.add(begun)
      return begun
    },
  }
  const peer = new Peer(streamChannel(stream, { preamble: 'send' }), answeredBy(counted, session.say))
  await peer.ended
  await Promise.allSettled(beginning)
}

function lateService({ host, start, root, paths, open }: RootSession): AgentService {
  let opened: Promise<AgentService> | null = null
  const whole = (): Promise<AgentService> => {
    opened ??= open().then((state) => {
      if (!state.ok) throw problemError(state.problem)
      return agentService({ host, start, root, state: state.value })
    })
    return opened
  }
  return {
    ...lookingService(host, paths),
    hello: async () => (await whole()).hello(),
    plan: async (...words) => (await whole()).plan(...words),
    apply: async (...words) => (await whole()).apply(...words),
    notUnderstood: async () => (await whole()).notUnderstood(),
    async *watch(...words) {
      return yield* (await whole()).watch(...words)
    },
    report: async (...words) => (await whole()).report(...words),
    history: async (...words) => (await whole()).history(...words),
    auditHead: async () => (await whole()).auditHead(),
    auditRecords: async (...words) => (await whole()).auditRecords(...words),
    witness: async (...words) => (await whole()).witness(...words),
  }
}
