/** Whoever asks hosts over NATS: one connection, and a request for each. */
import { connect } from '@nats-io/transport-node'
import { askAll, type AskAll } from './ask-all.ts'
import type { Asked } from './figures.ts'
import { answerParent } from './part.ts'

export interface NatsReached {
  readonly url: string
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

export type NatsAsking = {
  readonly fanOut: (asked: AskAll & { readonly what: string }) => Promise<Asked>
}

answerParent(async ({ url, authority, certificate, key }: NatsReached): Promise<NatsAsking> => {
  const connection = await connect({ servers: url, tls: { ca: authority, cert: certificate, key }, timeout: 60_000 })
  return {
    fanOut: ({ what, ...asked }) =>
      askAll(asked, (host) => connection.request(`${host}.${what}`, new Uint8Array(), { timeout: 120_000 })),
  }
})
