/** The secrets that a host's configuration names, so that they are known again wherever a log or a program quotes them. */
import { hiddenValues } from './redact-config.ts'
import { isHarmless, isPath, isSecretName, looksRandom } from './secret-words.ts'

export function knownSecrets(texts: readonly string[]): readonly string[] {
  const values = texts.flatMap(hiddenValues).filter(isTelling)
  return [...new Set(values.map(({ value }) => value))]
}

/**
 * A value under another name may be a word that sentences need: the name of a stage, a site or a host. A short one would
 * take words apart.
 */
function isTelling({ name, value }: { readonly name: string; readonly value: string }): boolean {
  if (value.length < leastBytes || isHarmless(name, value) || isPath(value)) return false
  return isSecretName(name) || looksRandom(value)
}

const leastBytes = 6
