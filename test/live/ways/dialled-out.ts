/** The agent's own line: it dials a real listener of a controller, of which everything behind the door is left out. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { webSocketChannel, type Channel } from '@fleetmend/shared'
import type { Identity } from '../../../packages/agent/src/state/identity.ts'
import { listenForAgents } from '../../../packages/controller/src/fleet/agents-listener.ts'
import { openCertificateAuthority } from '../../../packages/controller/src/identity/certificate-authority.ts'
import { systemClock } from '../../../packages/controller/src/runs/clock.ts'
import { faultProxy } from '../../lab/fault-proxy.ts'
import type { LiveHost } from '../../lab/live-host.ts'
import type { Way } from './way.ts'

/** An agent waits for longer after each line that it lost, up to half a minute: then it is started anew. */
const patienceMs = 2_000

/** `address`: of this machine, on the network of the host. */
export async function dialledOut(host: LiveHost, address: string): Promise<Way> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-ways-'))
  const opened = await openCertificateAuthority(folder, Date.now())
  if (!opened.ok) throw new Error(opened.says)
  const authority = opened.value
  let newest: Channel | null = null
  let taken: Channel | null = null
  const bugs: unknown[] = []
  const refuse = (): never => {
    throw new Error('Nobody was to ask for this.')
  }
  const listener = await listenForAgents({
    authority,
    names: [address],
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    renewalGraceMs: 0,
    whyNot: async () => null,
    whyNotEnrol: () => null,
    enrolling: refuse,
    renewing: refuse,
    arrived: (ws, socket) => (newest = webSocketChannel(ws, { socket })),
    refused: (told) => bugs.push(told),
    onBug: (error) => bugs.push(error),
  })
  const between = await faultProxy({
    listen: address,
    to: { host: '127.0.0.1', port: listener.port },
    dialledBy: 'agent',
  })

  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issued = await authority.issueClientCertificate(host.name, publicKey, Date.now())
  const identity: Identity = {
    format: 'fleetmend.identity/1',
    host: host.name,
    fleet: authority.fleet,
    url: `wss://${between.host}:${between.port}`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    certificate: issued.certificate,
    authority: authority.certificate,
    issuedAt: new Date().toISOString(),
    expiresAt: issued.expiresAt,
  }
  await host.must(['install', '-m', '0600', '/dev/null', '/var/lib/fleetmend/sealed/identity.json'])
  await host.writeFile('/var/lib/fleetmend/sealed/identity.json', JSON.stringify(identity))

  const arrival = async (limitMs: number): Promise<Channel | null> => {
    for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(20)) {
      if (newest !== null && newest !== taken && newest.open) return (taken = newest)
    }
    return null
  }
  return {
    between,
    async open() {
      let channel = await arrival(patienceMs)
      if (channel === null) {
        await host.must(['systemctl', 'restart', 'fleetmend-agent'])
        channel = await arrival(30_000)
      }
      if (channel === null) throw new Error(`The agent did not dial in. ${bugs.map(String).join('\n')}`)
      return { channel, leave: async () => undefined }
    },
    async [Symbol.asyncDispose]() {
      await between[Symbol.asyncDispose]()
      await listener.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
