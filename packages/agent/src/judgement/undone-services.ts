/** Which services read what an apply wrote: they are asked about the files from before, and told once these are back. */
import { isFileChange, readsConfig, type Act, type Plan } from '@fleetmend/shared'

export interface UndoneService {
  readonly service: string
  /** How it was told then; null: its files were checked, and it was not told. */
  readonly act: ReadingAct | null
}

type ReadingAct = Extract<Act, { act: 'start' | 'restart' | 'reload-fpm' | 'reload-nginx' }>

/** nginx that was only reloaded in passing had no file of its own changed, and is not among them. */
export function undoneServices({ acts, checks }: Plan): readonly UndoneService[] {
  const told = acts.filter(readsConfig)
  const checked = checks.filter(({ when, check }) => when === 'live' && check !== 'unit-file')
  const names = new Set([...told, ...checked].map(({ service }) => service))
  return [...names].map((service) => ({ service, act: told.find((act) => act.service === service) ?? null }))
}

/** A start alone has no file to load anew: it read what was there. */
export function changesConfig({ changes }: Plan): boolean {
  return changes.some((change) => isFileChange(change) && !change.path.startsWith('/etc/systemd/'))
}
