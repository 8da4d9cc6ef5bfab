/** nginx's own address, and nobody else's, is let in. */
import { expect, test } from 'vitest'
import type { SocketAddress } from '../host/host.ts'
import { samplePass, samplePeer, sampleUpstream } from '../survey/sample-addresses.ts'
import {
  sampleConfig,
  sampleFacts,
  sampleFpm,
  samplePool,
  samplePoolFile,
  samplePoolText,
} from '../survey/sample-facts.ts'
import { allowClient } from './allow-client.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const input = { pool: 'php8.2-fpm/www' } as const

function refusing(allowed: string, listen: SocketAddress = 'tcp:127.0.0.1:9000') {
  const text = `${samplePoolText}listen.allowed_clients = ${allowed}\n`
  const config = { ok: true, value: sampleConfig({ pool: text }) } as const
  return sampleFacts({
    fpm: [sampleFpm({ listensOn: [listen], pools: [samplePool({ listen })], config })],
    passes: [samplePass({ peers: [samplePeer(listen)] })],
    upstreams: [sampleUpstream({ address: listen, reply: { kind: 'broken', says: 'connection reset', tookMs: 1 } })],
  })
}

test.each([
  ['10.0.0.1', 'tcp:127.0.0.1:9000', '10.0.0.1,127.0.0.1'],
  ['10.0.0.1, 10.0.0.2', 'tcp:127.0.0.1:9000', '10.0.0.1,10.0.0.2,127.0.0.1'],
  ['10.0.0.1', 'tcp:127.0.0.9:9000', '10.0.0.1,127.0.0.1'],
  ['127.0.0.1', 'tcp:[::1]:9000', '127.0.0.1,::1'],
  ['127.0.0.1', 'tcp:10.1.2.3:9000', '127.0.0.1,10.1.2.3'],
] as const)('%s, asked at %s: %s', (allowed, listen, list) => {
  const facts = refusing(allowed, listen)
  const drafted = allowClient.draft(facts, input)
  expect(filesAfter(facts, drafted)).toEqual({
    [samplePoolFile]: `${samplePoolText}listen.allowed_clients = ${list}\n`,
  })
  expect(mustDraft(drafted)).toMatchObject({
    acts: [{ act: 'reload-fpm', service: 'php8.2-fpm' }],
    clears: [{ diagnosis: 'clients-not-allowed', subject: { kind: 'pool', name: input.pool } }],
  })
  expect(mustDraft(drafted).warnings.join(' ')).toMatch(/every local user/)
})

test('a pool that lets nginx in is left alone', () => {
  expect(allowClient.draft(sampleFacts(), input)).toMatchObject({ kind: 'nothing-to-do' })
})
