import { describe, expect, test } from 'vitest'
import type { JournalEntry } from '../readings/journal.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { sampleDownFpm, sampleJournalEntry, sampleNowMs } from '../survey/sample-facts.ts'
import { stopStory } from './stop-story.ts'

const name = 'php8.2-fpm.service'

/** What systemd wrote of the unit, a tenth of a second apart. */
function journalOf(messages: readonly string[]): readonly JournalEntry[] {
  return messages.map((message, i) => sampleJournalEntry({ atMs: sampleNowMs - 100 * (messages.length - i), message }))
}

function storyOf(unit: Partial<UnitProperties>, messages: readonly string[]) {
  const facts = sampleDownFpm(
    { execMainExitedMs: sampleNowMs - 50, ...unit },
    {
      journal: { ok: true, value: journalOf(messages) },
    },
  )
  if (!facts.unit) throw new Error('There is a unit.')
  return stopStory({ ...facts, unit: facts.unit }).how
}

const restarted = ['Stopping PHP...', `${name}: Deactivated successfully.`, 'Stopped PHP.', 'Starting PHP...']
const died = [`${name}: Main process exited, code=exited, status=78/CONFIG`, `${name}: Failed with result 'exit-code'.`]
const clean = { execMainCode: 1, execMainStatus: 0, result: 'success' } as const
const unclean = { execMainCode: 1, execMainStatus: 78, result: 'exit-code' } as const

describe('a service that is down', () => {
  test.each([
    { is: 'inactive', subState: 'dead', messages: ['Started PHP.', 'Stopping PHP...', 'Stopped PHP.'] },
    { is: 'deactivating', subState: 'stop-sigterm', messages: ['Started PHP.', 'Stopping PHP...'] },
    // Somebody stopped it while it was being started again and again.
    { is: 'inactive', subState: 'dead', messages: [...restarted, ...died, 'Stopped PHP.'] },
  ] as const)('was stopped where that was the last thing systemd was told ($is)', ({ is, subState, messages }) => {
    expect(storyOf({ activeState: is, subState, ...clean }, messages)).toBe('stopped-on-purpose')
  })

  test.each([
    { is: 'deactivating', subState: 'stop-post', restarts: 0 },
    { is: 'deactivating', subState: 'stop-post', restarts: 2 },
    { is: 'activating', subState: 'auto-restart', restarts: 0 },
    { is: 'failed', subState: 'failed', restarts: 5 },
  ] as const)(
    'crashed where a restart stopped it and it cannot start ($is/$subState)',
    ({ is, subState, restarts }) => {
      expect(storyOf({ activeState: is, subState, restarts, ...unclean }, [...restarted, ...died])).toBe('crashed')
    },
  )

  test('crashed where the stop was the first half of the restart by systemd itself', () => {
    const messages = [
      'Started PHP.',
      ...died,
      `${name}: Scheduled restart job, restart counter is at 1.`,
      'Stopped PHP.',
    ]
    expect(storyOf({ activeState: 'inactive', subState: 'dead', restarts: 1, ...unclean }, messages)).toBe('crashed')
  })

  test('ended by itself where it was restarted before and ended well', () => {
    const messages = [...restarted, 'Started PHP.', `${name}: Deactivated successfully.`]
    expect(storyOf({ activeState: 'inactive', subState: 'dead', ...clean }, messages)).toBe('ended-by-itself')
  })
})
