/** Where benchmarks are: what crosses packages, and what is of one. */
export const benchFiles = ['bench/*.ts', 'packages/*/bench/*.ts']

/** What a benchmark says of itself, in the comment at its head: what is measured, beside what, and the goal. */
export function aboutBench(source: string): string {
  const [, comment = ''] = /^\/\*\*(.*?)\*\//s.exec(source) ?? []
  return comment
    .split('\n')
    .map((line) => line.replace(/^ ?\* ?/, '').trim())
    .filter(Boolean)
    .join('\n')
}
