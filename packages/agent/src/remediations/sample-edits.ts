/** For tests of remediations: what a draft makes of the files of the made-up host. */
import { applySplices } from '../readings/splice.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import type { Draft, Drafted } from './define.ts'

export function mustDraft(drafted: Drafted): Draft {
  if (drafted.kind !== 'draft') throw new Error(`${drafted.kind}: ${drafted.because}`)
  return drafted
}

/** Text of every file that a draft changes or creates, by path. */
export function filesAfter(facts: HostFacts, drafted: Drafted): Readonly<Record<string, string>> {
  const nginx = facts.nginx.config.ok ? facts.nginx.config.value.files : []
  const fpm = facts.fpm.flatMap(({ config, dropIns }) => [...(config.ok ? config.value.files : []), ...dropIns])
  const texts = new Map([...nginx, ...fpm].map(({ path, text }) => [path, text]))
  const byPath = Map.groupBy(mustDraft(drafted).edits, ({ path }) => path)
  return Object.fromEntries(
    [...byPath].map(([path, edits]) => {
      const created = edits.find((edit) => edit.edit === 'create')
      if (created) return [path, created.text]
      const splices = edits.flatMap((edit) => (edit.edit === 'splice' ? edit.splices : []))
      const after = applySplices(texts.get(path) ?? '', splices)
      if (!after.ok) throw new Error(after.says)
      return [path, after.text]
    }),
  )
}
