/** Where the time of a process went, by its own time in functions: what V8 sampled, as shares of the time it was busy. */

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

export interface Inside {
  readonly profile: CpuProfile
  readonly memory: Readonly<Record<'rss' | 'heapUsed' | 'heapTotal' | 'external' | 'arrayBuffers', number>>
}

export interface Spent {
  readonly where: string
  readonly share: number
}

/** By the room or package that the code is in; the largest first. */
export function spentIn({ nodes, samples, timeDeltas }: CpuProfile): readonly Spent[] {
  const known = new Map(nodes.map((node) => [node.id, node]))
  const sums = new Map<string, number>()
  let busy = 0
  for (const [n, id] of samples.entries()) {
    const node = known.get(id)
    const name = node?.callFrame.functionName ?? ''
    // The profile itself is no work of the controller.
    if (!node || name === '(idle)' || name === '(root)' || node.callFrame.url === 'node:inspector') continue
    const us = timeDeltas[n] ?? 0
    busy += us
    const where = partOf(node)
    sums.set(where, (sums.get(where) ?? 0) + us)
  }
  return [...sums].map(([where, us]) => ({ where, share: us / busy })).toSorted((a, b) => b.share - a.share)
}

function partOf(node: ProfileNode): string {
  const { functionName, url } = node.callFrame
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)') return 'outside of JavaScript'
  if (url === '') return 'calls into Node: TLS, sockets, SQLite'
  if (url.startsWith('node:')) return 'JavaScript of Node'
  const ours = /\/packages\/([^/]+)\/src\/([^/]+)/.exec(url)
  if (ours) return `${ours[1]}/${ours[2]}`
  return /\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url
}
