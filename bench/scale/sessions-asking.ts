/**
 * The half of the controller that agents are connected to, in a process that asks them itself: its port, its store, its
 * sessions. What asking costs here is what a call costs the controller before anybody is told of it.
 */
import { systemTimers } from '@fleetmend/shared'
import { watchHosts } from '../../packages/controller/src/audit/host-watch.ts'
import { serveAgents } from '../../packages/controller/src/fleet/agents.ts'
import { openSeenHosts } from '../../packages/controller/src/fleet/seen-hosts.ts'
import { openSessions } from '../../packages/controller/src/fleet/sessions.ts'
import type { Session } from '../../packages/controller/src/fleet/session.ts'
import { openCertificateAuthority } from '../../packages/controller/src/identity/certificate-authority.ts'
import { systemClock } from '../../packages/controller/src/runs/clock.ts'
import { openStore } from '../../packages/controller/src/store/open-store.ts'
import { askAll, type AskAll } from './ask-all.ts'
import type { Asked } from './figures.ts'
import { answerParent } from './part.ts'

export type SessionsAsking = {
  readonly port: () => number
  readonly connected: () => number
  readonly fanOut: (asked: AskAll & { readonly what: string }) => Promise<Asked>
}

answerParent(async ({ dataFolder }: { readonly dataFolder: string }): Promise<SessionsAsking> => {
  const opened = await openStore({ folder: dataFolder, timers: systemTimers })
  if (!opened.ok) throw new Error(opened.says)
  const authority = await openCertificateAuthority(dataFolder, Date.now())
  if (!authority.ok) throw new Error(authority.says)
  const { database } = opened
  const log = (): void => undefined
  const watch = watchHosts({ database, fleet: authority.value.fleet, clock: systemClock, log })
  const sessions = openSessions(systemClock)
  const listener = await serveAgents({
    ...{
      database,
      authority: authority.value,
      sessions,
      seen: openSeenHosts(database),
      clock: systemClock,
      timers: systemTimers,
      log,
    },
    ...{ names: ['127.0.0.1'], host: '127.0.0.1', port: 0, renewalGraceMs: 0 },
    connected: (session) => void watch.connected(session),
  })
  const questions: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
    // As it is asked when an agent arrives.
    hello: ({ agent }) => agent.hello.query({ knows: sessions.catalogues.ask().knows }),
    diagnose: ({ agent }) => agent.diagnose.query({}),
  }
  return {
    port: () => listener.port,
    connected: () => sessions.all().length,
    fanOut: ({ what, ...asked }) =>
      askAll(asked, (host) => {
        const session = sessions.get(host)
        const ask = questions[what]
        if (!session || !ask) throw new Error(`${host} cannot be asked for ${what}.`)
        return ask(session)
      }),
  }
})
