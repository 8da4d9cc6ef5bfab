import { expect, test } from 'vitest'
import { temporaryState } from '../state/temporary-state.ts'
import { followApply } from './follow.ts'
import { scene } from './sample-apply.ts'

async function collect(following: ReturnType<typeof followApply>) {
  const says: string[] = []
  for (;;) {
    const next = await following.next()
    if (next.done) return { says, report: next.value }
    says.push(next.value.entry.says)
  }
}

test('whoever follows sees every entry once and in order, and then the report', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'edit and reload')
  const [followed, report] = await Promise.all([collect(followApply(folder.state, at.record.id)), at.apply()])
  expect(followed.report).toEqual(report)
  expect(followed.says).toEqual(report.timeline.map((entry) => entry.says))
})

test('following goes on where it was left, in another process and after the end', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'reload only')
  const report = await at.apply()
  const { says } = await collect(followApply(folder.state, at.record.id, { seen: 3 }))
  expect(says).toEqual(report.timeline.slice(3).map((entry) => entry.says))
})

test('each entry comes with the phase that it belongs to', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'edit and reload')
  await at.apply()
  const phases = new Set<string>()
  for await (const { phase } of followApply(folder.state, at.record.id)) phases.add(phase)
  expect([...phases]).toEqual(['intent', 'changed', 'watching', 'closed'])
})

test('who stops following gets the report as it stands', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'reload only')
  const stop = new AbortController()
  const following = followApply(folder.state, at.record.id, { signal: stop.signal })
  await following.next()
  stop.abort()
  expect(await following.next()).toMatchObject({ done: true, value: { phase: 'intent', outcome: null } })
})

test('an apply that does not exist has no report', async () => {
  await using folder = await temporaryState()
  expect(await collect(followApply(folder.state, 'a-20261121-031502-0000'))).toEqual({ says: [], report: null })
})
