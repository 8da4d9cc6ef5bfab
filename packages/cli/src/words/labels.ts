/** `--label role=web`, as often as needed. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { LabelKey, LabelValue, type Labels } from '@fleetmend/shared'

export function labels(text: string, known: Labels): Labels {
  const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  if (!LabelKey.safeParse(key).success || !LabelValue.safeParse(value).success)
    throw new InvalidArgumentError('It takes key=value, in letters, digits, `-`, `_`, `.`, each up to 63 of them.')
  if (Object.hasOwn(known, key)) throw new InvalidArgumentError(`The label ${key} is given twice.`)
  return { ...known, [key]: value }
}
