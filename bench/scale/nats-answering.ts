/** Hosts as clients of NATS: each a connection of its own over TLS, answering on subjects of its own. */
import { readFileSync } from 'node:fs'
import { connect } from '@nats-io/transport-node'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { answerParent } from './part.ts'
import type { RawAnswering, RawWanted } from './raw-ws-answering.ts'

/** More at once only wait for each other, until they are given up. */
const atOnce = 200

answerParent(async ({ identityFile, url, payloads }: RawWanted): Promise<RawAnswering> => {
  const identities = JSON.parse(readFileSync(identityFile, 'utf8')) as readonly Identity[]
  const bytes = new Map(Object.entries(payloads).map(([name, text]) => [name, new TextEncoder().encode(text)]))

  const dial = async ({ key, certificate: cert, authority: ca, host }: Identity): Promise<void> => {
    const connection = await connect({ servers: url, tls: { key, cert, ca }, timeout: 60_000, reconnect: false })
    connection.subscribe(`${host}.*`, {
      callback: (_, message) => void message.respond(bytes.get(message.subject.slice(host.length + 1))),
    })
    await connection.flush()
  }

  return {
    async connect() {
      const left = identities.values()
      const worker = async (): Promise<void> => {
        for (const identity of left) await dial(identity)
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
    },
  }
})
