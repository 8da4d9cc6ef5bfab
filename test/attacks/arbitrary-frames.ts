/** Frames that one side or the other may send at some moment, for whoever sends them in any order. */
import fc from 'fast-check'

/** To an agent or to a controller, with what each of them offers. */
export function framesTo(whom: 'agent' | 'controller'): fc.Arbitrary<string> {
  const params = fc.record({ path: fc.constantFrom(...paths[whom], 'a.b.c', '__proto__', ''), input })
  return fc
    .oneof(
      { weight: 6, arbitrary: fc.record({ id, method: fc.constantFrom('query', 'mutation'), params }) },
      { weight: 2, arbitrary: fc.record({ id, method: fc.constant('subscription'), params }) },
      { weight: 2, arbitrary: fc.record({ id, method: fc.constant('subscription.stop') }) },
      {
        weight: 2,
        arbitrary: fc.record({ id, result: fc.record({ type: fc.constant('data'), data: fc.jsonValue() }) }),
      },
      { weight: 1, arbitrary: fc.record({ id, result: fc.record({ type: fc.constantFrom('started', 'stopped') }) }) },
      { weight: 1, arbitrary: fc.constantFrom('PING', 'PONG') },
    )
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
}

/** Most are new; some are those of calls that are not answered yet, which ends the line. */
const id = fc.oneof(
  { weight: 60, arbitrary: fc.noBias(fc.integer({ min: 1, max: 1_000_000_000 })) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2) },
)
const digest = `sha256:${'0'.repeat(64)}`
const input = fc.oneof(
  fc.constant(undefined),
  fc.jsonValue(),
  fc.constantFrom({ limit: 1 }, { from: 1, limit: 1 }, { plan: digest }, { diagnosis: 'x' }, { apply: 'x' }),
  fc.constantFrom({ run: 'r-20261121-031455-41bd' }, { host: 'web-1', by: 'x' }, { id: 'x' }),
)
const paths = {
  agent: [
    ...['hello', 'explain', 'history', 'remediate.plan', 'remediate.begin', 'remediate.watch', 'remediate.report'],
    ...['audit.head', 'audit.records', 'audit.witness'],
  ],
  controller: [
    ...['hello', 'whoami', 'hosts.list', 'hosts.remove', 'runs.list', 'runs.show', 'runs.start', 'runs.watch'],
    ...['audit.list', 'audit.accept', 'tokens.revoke'],
  ],
} as const
