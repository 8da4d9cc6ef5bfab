/** One FastCGI request over a fresh connection, as nginx would make it; every way it can fail is a value. */
import { connect, type Socket } from 'node:net'
import { errnoOf, errnoWords } from './errno.ts'
import { decodeAnswer, encodeRequest, readCgiResponse } from './fastcgi-records.ts'
import type { FastCgiReply, FastCgiRequest, SocketAddress } from './host.ts'

/** A status page of a thousand workers is below this. */
const limitBytes = 4 * 1024 * 1024

export function requestFastCgi(request: Omit<FastCgiRequest, 'asProcess'>): Promise<FastCgiReply> {
  return new Promise((resolve) => {
    const startedMs = performance.now()
    const sinceMs = () => performance.now() - startedMs
    let socket: Socket
    try {
      socket = open(request.address)
    } catch (error) {
      // A port that cannot be.
      return resolve({ kind: 'cannot-connect', errno: errnoOf(error), says: errnoWords(error), tookMs: sinceMs() })
    }
    let connectMs: number | undefined
    let firstByteMs: number | undefined
    let bytes = Buffer.alloc(0)
    const limit = setTimeout(() => {
      finish(
        connectMs === undefined
          ? { kind: 'cannot-connect', errno: 'ETIMEDOUT', says: 'no connection in time', tookMs: sinceMs() }
          : { kind: 'timed-out', connectMs, tookMs: sinceMs() },
      )
    }, request.limitMs)

    const finish = (reply: FastCgiReply) => {
      clearTimeout(limit)
      socket.destroy()
      resolve(reply)
    }
    const broken = (says: string) => finish({ kind: 'broken', says, tookMs: sinceMs() })

    socket.on('connect', () => {
      connectMs = sinceMs()
      socket.write(encodeRequest(request.params))
    })
    socket.on('data', (chunk: Buffer) => {
      firstByteMs ??= sinceMs()
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length > limitBytes) return broken('the answer is too big')
      const decoded = decodeAnswer(bytes)
      if (!decoded.ok) return broken(decoded.says)
      const { answer } = decoded
      if (!answer.ended) return
      if (answer.ended.protocolStatus !== 0)
        return broken(`the request was refused with protocol status ${answer.ended.protocolStatus}`)
      const response = readCgiResponse(answer.stdout)
      finish({
        kind: 'answered',
        ...response,
        stderr: answer.stderr.toString('utf8'),
        connectMs: connectMs ?? 0,
        firstByteMs,
        tookMs: sinceMs(),
      })
    })
    socket.on('error', (error) => {
      if (connectMs === undefined)
        finish({ kind: 'cannot-connect', errno: errnoOf(error), says: errnoWords(error), tookMs: sinceMs() })
      else broken(errnoWords(error))
    })
    socket.on('end', () => broken('the connection was closed without an answer'))
  })
}

function open(address: SocketAddress): Socket {
  if (address.startsWith('unix:')) return connect({ path: address.slice('unix:'.length) })
  const colon = address.lastIndexOf(':')
  const host = address.slice('tcp:'.length, colon).replace(/^\[(.*)\]$/, '$1')
  return connect({ host, port: Number(address.slice(colon + 1)) })
}
