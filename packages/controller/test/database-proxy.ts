/** Stands between a controller and its database, on TCP, as a network does: with TLS, without, or silent all of a sudden. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'

export interface DatabaseProxy {
  readonly port: number
  /** From now on nothing gets through, and nobody is told. */
  fallSilent(): void
}

export interface ProxyTls {
  readonly certificate: string
  readonly key: string
}

/** `server`: the path of a socket; null: nothing ever answers. */
export async function databaseProxy(server: string | null, tls: ProxyTls | null = null): Promise<DatabaseProxy> {
  const open = new Set<Socket>()
  const hold = (socket: Socket): Socket => {
    open.add(socket)
    return socket.on('error', () => {}).on('close', () => open.delete(socket))
  }
  const listening = createServer((client) => {
    hold(client)
    if (server === null) return
    const database = hold(connect(server))
    const join = (side: Socket): void => {
      side.pipe(database).pipe(side)
      side.on('error', () => database.destroy())
    }
    if (tls === null) return join(client)
    // What a client asks first: whether TLS is spoken (protocol-message-formats, SSLRequest).
    client.once('data', () => {
      client.write('S')
      const context = createSecureContext({ cert: tls.certificate, key: tls.key })
      join(new TLSSocket(client, { isServer: true, secureContext: context }))
    })
  }).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  onTestFinished(async () => {
    for (const socket of open) socket.destroy()
    listening.close()
    await once(listening, 'close')
  })
  return {
    port: (listening.address() as AddressInfo).port,
    fallSilent: () => {
      for (const socket of open) socket.unpipe().pause()
    },
  }
}
