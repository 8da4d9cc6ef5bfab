import { describe, expect, test } from 'vitest'
import type { NginxErrorEntry } from '../../readings/nginx-error-log.ts'
import type { BackendFacts, ProxiedSiteFacts } from '../../survey/host-facts.ts'
import { sampleFacts } from '../../survey/sample-facts.ts'
import { diagnose } from '../diagnose.ts'
import { nginxLine } from '../../survey/sample-lines.ts'
import { proxyUpstreamDown } from './proxy-upstream-down.ts'
import { proxyUpstreamTimeout } from './proxy-upstream-timeout.ts'

const upstream = 'http://127.0.0.1:8000/orders?id=7'
const refused = (secondsAgo: number, changes: Partial<Parameters<typeof nginxLine>[0]> = {}): NginxErrorEntry =>
  nginxLine({
    secondsAgo,
    upstream,
    says: 'connect() failed (111: Connection refused) while connecting to upstream',
    ...changes,
  })
const late = (secondsAgo: number, changes: Partial<Parameters<typeof nginxLine>[0]> = {}): NginxErrorEntry =>
  nginxLine({
    secondsAgo,
    upstream,
    says: 'upstream timed out (110: Connection timed out) while reading response header from upstream',
    request: 'GET /orders?id=7 HTTP/1.1',
    ...changes,
  })

function app(backends: readonly Partial<BackendFacts>[], status = 502): ProxiedSiteFacts {
  return {
    serverName: 'app.example',
    serverNames: ['app.example', 'www.app.example'],
    errorLogs: ['/var/log/nginx/error.log'],
    passes: [
      {
        target: 'http://127.0.0.1:8000',
        at: '/etc/nginx/sites-enabled/app:5',
        readTimeout: { text: '60s', at: null },
        backends: backends.map((backend) => ({
          address: 'tcp:127.0.0.1:8000',
          listening: false,
          waiting: [],
          ...backend,
        })),
      },
    ],
    probes: [
      { site: 'app.example', over: 'http', status, passed: status < 500, says: `GET / → ${status} in 2 ms`, tookMs: 2 },
    ],
  }
}

describe('proxy-upstream-down', () => {
  const judge = (errors: readonly NginxErrorEntry[], site: ProxiedSiteFacts) =>
    proxyUpstreamDown.judge(sampleFacts({ errors, proxied: [site] }))

  test('nothing listens, and requests were refused', () => {
    expect(judge([refused(60)], app([{}]))).toMatchObject([
      {
        role: 'cause',
        subject: { kind: 'site', name: 'app.example' },
        says: 'The server that app.example hands requests to, 127.0.0.1:8000, takes no connections.',
        withoutRemediation: expect.stringContaining('/etc/nginx/sites-enabled/app:5'),
      },
    ])
  })

  test('on another host it is known only by a request that has just failed', () => {
    const remote = { address: 'tcp:10.0.0.7:8000', listening: null } as const
    const from = (secondsAgo: number) => refused(secondsAgo, { upstream: 'http://10.0.0.7:8000/' })
    expect(judge([from(0)], app([remote]))).toMatchObject([{ role: 'cause' }])
    expect(judge([from(60)], app([remote], 200))).toMatchObject([{ role: 'note' }])
  })

  test.each([
    { is: 'is up again', errors: [refused(60)], site: app([{ listening: true }], 200) },
    {
      is: 'is one of two, the other of which is up',
      errors: [refused(60)],
      site: app([{}, { address: 'tcp:127.0.0.1:8001', listening: true }], 200),
    },
    { is: 'was refused an hour ago', errors: [refused(3600)], site: app([{}]) },
    { is: 'nobody has asked for', errors: [], site: app([{}]) },
    {
      is: 'is not the one that refused',
      errors: [refused(1, { upstream: 'http://127.0.0.1:80/http://127.0.0.1:8000/' })],
      site: app([{}]),
    },
    { is: 'was asked over FastCGI', errors: [refused(1, { upstream: 'fastcgi://127.0.0.1:8000' })], site: app([{}]) },
  ])('a server that $is is not reported', ({ errors, site }) => {
    expect(judge(errors, site)).toEqual([])
  })

  test('it is reported for its site, and for no other', () => {
    const facts = sampleFacts({ errors: [refused(60)], proxied: [app([{}])] })
    const causesOf = (site: string) => diagnose(facts, { site }).findings.filter(({ role }) => role === 'cause')
    expect(causesOf('www.app.example')).toMatchObject([{ diagnosis: 'proxy-upstream-down' }])
    expect(causesOf('shop.example')).toEqual([])
  })
})

describe('proxy-upstream-timeout', () => {
  const judge = (errors: readonly NginxErrorEntry[], site: ProxiedSiteFacts) =>
    proxyUpstreamTimeout.judge(sampleFacts({ errors, proxied: [site] }))

  test('says which server, what was asked of it, and that it accepts nothing', () => {
    const [finding] = judge([late(60), late(50)], app([{ listening: true, waiting: [4, 4, 5, 5, 5] }], 504))
    expect(finding).toMatchObject({
      role: 'cause',
      says: 'The server that app.example hands requests to, 127.0.0.1:8000, did not answer 2 requests of the last minutes in time.',
    })
    expect(finding!.evidence.map(({ says }) => says)).toEqual([
      '2 requests to 127.0.0.1:8000 timed out (110), mostly /orders',
      'proxy_pass http://127.0.0.1:8000, proxy_read_timeout 60s',
      'connections that wait to be accepted, in 5 looks: 4, 4, 5, 5, 5',
      'GET / → 504 in 2 ms',
    ])
  })

  test('over a unix socket, whose name such a line runs together with the address of the page', () => {
    const errors = [60, 50].map((ago) => late(ago, { upstream: 'http://unix:/run/app.sock/orders' }))
    expect(judge(errors, app([{ address: 'unix:/run/app.sock', listening: true }]))).toMatchObject([{ role: 'cause' }])
  })

  test('one alone is a note, and old ones are over', () => {
    expect(judge([late(60)], app([{}]))).toMatchObject([{ role: 'note' }])
    expect(judge([late(3600), late(3500)], app([{}]))).toEqual([])
  })
})
