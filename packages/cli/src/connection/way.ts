/** Which controller is meant: its socket on this machine, or an address over the network. Options go before the environment. */
import { problem, type Problem } from '@fleetmend/shared'
import type { SignInsRead } from './sign-in-file.ts'

export interface Said {
  readonly socket?: string | undefined
  readonly controller?: string | undefined
}

export type Way = { readonly by: 'socket'; readonly path: string } | { readonly by: 'network'; readonly url: string }

export type WayFound = { readonly ok: true; readonly value: Way } | { readonly ok: false; readonly problem: Problem }

/** `signIns`: asked only where neither an option nor the environment says. */
export function wayTo(options: Said, environment: Said, signIns: () => SignInsRead, defaultPath: string): WayFound {
  for (const { socket, controller } of [options, environment]) {
    if (socket !== undefined && controller !== undefined)
      return refuse('Either --socket (FLEETMEND_SOCKET) or --controller (FLEETMEND_CONTROLLER): it is one controller.')
    if (socket !== undefined) return { ok: true, value: { by: 'socket', path: socket } }
    if (controller !== undefined) return overNetwork(controller)
  }
  const read = signIns()
  if (!read.ok) return read
  const url = read.value.default
  return url === undefined ? { ok: true, value: { by: 'socket', path: defaultPath } } : overNetwork(url)
}

function overNetwork(text: string): WayFound {
  const url = controllerUrl(text)
  return url === null
    ? refuse(
        `${JSON.stringify(text.slice(0, 200))} is no address of a controller. It takes wss://controller.example:8443`,
      )
    : { ok: true, value: { by: 'network', url } }
}

/** In the one form in which it is compared and stored; null: it is none. */
export function controllerUrl(text: string): string | null {
  const url = URL.parse(text)
  const isPlain =
    url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  return url?.protocol === 'wss:' && url.hostname !== '' && isPlain ? `wss://${url.host}` : null
}

function refuse(says: string): WayFound {
  return { ok: false, problem: problem('usage', says) }
}
