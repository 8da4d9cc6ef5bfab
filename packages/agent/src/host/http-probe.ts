/** One GET to a site of this host, through nginx, as a visitor would make it. The answer's body is thrown away. */
import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { errnoWords } from './errno.ts'
import type { HttpProbe, HttpReply } from './host.ts'

export function probeHttp(probe: HttpProbe): Promise<HttpReply> {
  return new Promise((resolve) => {
    const startedMs = performance.now()
    const options: RequestOptions = {
      host: probe.address.replace(/^\[(.*)\]$/, '$1'),
      port: probe.port,
      path: probe.path,
      method: 'GET',
      headers: { host: probe.serverName, 'user-agent': 'fleetmend-probe', connection: 'close' },
      agent: false,
      signal: AbortSignal.timeout(probe.limitMs),
    }
    // Whether visitors can trust the certificate is another question; this one is whether the host answers.
    const request = probe.tls
      ? httpsRequest({ ...options, servername: probe.serverName, rejectUnauthorized: false })
      : httpRequest(options)
    request.on('response', (response) => {
      resolve({ kind: 'answered', status: response.statusCode ?? 0, tookMs: performance.now() - startedMs })
      response.destroy()
    })
    request.on('error', (error) => {
      const says =
        error.name === 'AbortError' || error.name === 'TimeoutError'
          ? `none within ${probe.limitMs / 1000} s`
          : errnoWords(error)
      resolve({ kind: 'no-answer', says, tookMs: performance.now() - startedMs })
    })
    request.end()
  })
}
