/**
 * Hands bytes on between two streams and a socket, each no faster than the other takes them. Whichever ends takes the
 * other with it.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { pipeline, type Readable, type Writable } from 'node:stream'
import { CLOSE_GRACE_MS } from '@fleetmend/shared/wire/channel'
import { PREAMBLE } from '@fleetmend/shared/wire/frame-reader'

export type HandedOn = { readonly is: 'ended' } | { readonly is: 'denied' | 'nobody' | 'broken'; readonly says: string }

export async function handOnTo(path: string, input: Readable, output: Writable): Promise<HandedOn> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
  } catch (error) {
    return whyNot(path, error as NodeJS.ErrnoException)
  }
  // Only now: who waits for it takes it for an agent.
  output.write(PREAMBLE)
  return new Promise((resolve) => {
    let hasLeft = false
    let grace: NodeJS.Timeout | undefined
    // What was asked before still goes out, but nobody is left to wait for the answers of an agent that hangs.
    const leave = (): void => {
      hasLeft = true
      grace ??= setTimeout(() => socket.destroy(), CLOSE_GRACE_MS)
    }
    input.once('end', leave).once('error', leave)
    output.once('error', leave)
    pipeline(input, socket, output, (error) => {
      clearTimeout(grace)
      input.destroy()
      resolve(hasLeft || !error ? { is: 'ended' } : broken(path, error))
    })
  })
}

function broken(path: string, error: NodeJS.ErrnoException): HandedOn {
  // It ended in order, with its caller still there.
  if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return { is: 'ended' }
  return { is: 'broken', says: `The agent at ${path} is gone: ${error.code ?? error.message}. ${look}` }
}

function whyNot(path: string, { code, message }: NodeJS.ErrnoException): HandedOn {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return {
        is: 'denied',
        says: `This account may not use ${path}, which is for root and the group fleetmend. As root on this host, with the name of the account:\n    usermod --append --groups fleetmend NAME`,
      }
    case 'ENOENT':
      return { is: 'nobody', says: `No agent serves on this host: there is no ${path}. ${look}` }
    case 'ECONNREFUSED':
      return { is: 'nobody', says: `No agent serves on this host: nobody listens on ${path}. ${look}` }
    default:
      return { is: 'nobody', says: `No agent can be reached at ${path}: ${code ?? message}. ${look}` }
  }
}

const look = 'To see why, and to start it:\n    systemctl status fleetmend-agent\n    systemctl start fleetmend-agent'
