/** The other end of raw `ws`: thousands of sockets that answer each message with the bytes that were asked for. */
import { readFileSync } from 'node:fs'
import { WebSocket } from 'ws'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { answerParent } from './part.ts'

export interface RawWanted {
  readonly identityFile: string
  readonly url: string
  readonly payloads: Readonly<Record<string, string>>
}

export type RawAnswering = {
  readonly connect: () => Promise<void>
}

answerParent(async ({ identityFile, url, payloads }: RawWanted): Promise<RawAnswering> => {
  const identities = JSON.parse(readFileSync(identityFile, 'utf8')) as readonly Identity[]

  const dial = ({ key, certificate: cert, authority: ca, host }: Identity): Promise<void> =>
    new Promise((resolve, reject) => {
      const ws = new WebSocket(`${url}/${host}`, {
        ...{ key, cert, ca, minVersion: 'TLSv1.3', perMessageDeflate: false, handshakeTimeout: 60_000 },
        // As the agent's line does.
        generateMask: (mask) => void mask.fill(0),
      })
      ws.on('open', resolve)
      ws.on('error', reject)
      ws.on('message', (message: Buffer) => {
        const text = message.toString('utf8')
        const [id = '', asked = ''] = text.split(' ')
        ws.send(`${id} ${payloads[asked]}`)
      })
    })

  return {
    async connect() {
      await Promise.all(identities.map(dial))
    },
  }
})
