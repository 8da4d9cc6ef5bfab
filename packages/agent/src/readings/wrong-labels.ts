/** Files whose SELinux label is not the one that the policy has for their place: `matchpathcon -V`. */

export interface WrongLabel {
  readonly path: string
  readonly is: string
  readonly shouldBe: string
}

/** Of files whose label is right it says `verified.`; it ends with 1 where one is wrong or missing. */
export function readWrongLabels(text: string): readonly WrongLabel[] {
  return [...text.matchAll(/^(.+) has context (\S+), should be (\S+)$/gm)].map(
    ([, path = '', is = '', shouldBe = '']) => ({ path, is, shouldBe }),
  )
}
