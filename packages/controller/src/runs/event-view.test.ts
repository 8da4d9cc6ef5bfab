import { expect, test } from 'vitest'
import { possibleEvents } from '../../test/possible-events.ts'
import { applying, startedWith } from '../../test/sample-run.ts'
import { eventView } from './event-view.ts'
import type { RunEvent } from './run-event.ts'

const events: readonly RunEvent[] = [
  startedWith(['a']),
  ...possibleEvents(applying({ changes: { a: 'raise' } }).run, { a: 'raise' }),
]

test.each(events.map((event) => ({ type: event.type, event })))(
  '$type is told in a sentence, with who and where',
  ({ event }) => {
    const hash = `sha256:${'a'.repeat(64)}` as const
    const view = eventView({
      format: 'fleetmend.event/1',
      sequence: 7,
      run: 'r-20261121-031455-41bd',
      revision: 1,
      at: event.at,
      previous: null,
      event,
      hash,
    })
    expect(view.says).toMatch(/^\S.*\S$/s)
    expect(view).toMatchObject({ sequence: 7, host: 'host' in event ? 'a' : null, hash })
    // Who signed is who did it, whoever handed the signature in.
    const signed = ['approval', 'request', 'breakGlass'].flatMap((key) => (key in event ? [signerOf(event, key)] : []))
    expect(view.by).toBe('by' in event ? event.by : (signed[0] ?? null))
  },
)

function signerOf(event: object, key: string): string | undefined {
  const { [key]: signed } = event as Readonly<Record<string, { readonly principal: string } | undefined>>
  return signed?.principal
}
