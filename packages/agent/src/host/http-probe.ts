/** One GET to a site of this host, through nginx, as a visitor would make it. The answer's body is thrown away. */
import type { RequestOptions } from 'node:http'
import { isIP } from 'node:net'
import { errnoWords } from './errno.ts'
import type { HttpProbe, HttpReply } from './host.ts'

export function probeHttp(probe: HttpProbe): Promise<HttpReply> {
  // Loaded only when it is needed: TLS takes longer to load than a host takes to read.
  const { request: send } = process.getBuiltinModule(probe.tls ? 'node:https' : 'node:http')
  return new Promise((resolve) => {
    const startedMs = performance.now()
    const noAnswer = (says: string) => resolve({ kind: 'no-answer', says, tookMs: performance.now() - startedMs })
    const options: RequestOptions = {
      host: probe.address.replace(/^\[(.*)\]$/, '$1'),
      port: probe.port,
      path: probe.path,
      method: 'GET',
      headers: { host: probe.serverName, 'user-agent': 'fleetmend-probe', connection: 'close' },
      agent: false,
      signal: AbortSignal.timeout(probe.limitMs),
    }
    let request
    try {
      request = send(probe.tls ? { ...options, ...tlsOptions(probe) } : options)
    } catch (error) {
      // A name that no header can carry, a port that cannot be.
      return noAnswer(errnoWords(error))
    }
    request.on('response', (response) => {
      resolve({ kind: 'answered', status: response.statusCode ?? 0, tookMs: performance.now() - startedMs })
      response.destroy()
    })
    request.on('error', (error) => {
      const isLate = error.name === 'AbortError' || error.name === 'TimeoutError'
      noAnswer(isLate ? `none within ${probe.limitMs / 1000} s` : errnoWords(error))
    })
    // An answer that switches protocols ends with neither of the above.
    request.on('close', () => noAnswer('the connection was closed without an answer'))
    request.end()
  })
}

function tlsOptions({ serverName }: HttpProbe): { readonly servername: string; readonly rejectUnauthorized: false } {
  return {
    // An IP address is no name for TLS (RFC 6066); without a name nginx answers with the default server's certificate.
    servername: isIP(serverName) === 0 ? serverName : '',
    // Whether visitors can trust the certificate is another question; this one is whether the host answers.
    rejectUnauthorized: false,
  }
}
