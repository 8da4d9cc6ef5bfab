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

/** By function, or by the file or package that it is in; the largest first. */
export function spentIn({ nodes, samples, timeDeltas }: CpuProfile, by: 'function' | 'part'): readonly Spent[] {
  const known = new Map(nodes.map((node) => [node.id, node]))
  const sums = new Map<string, number>()
  let busy = 0
  for (const [n, id] of samples.entries()) {
    const node = known.get(id)
    const name = node?.callFrame.functionName ?? ''
    if (!node || name === '(idle)' || name === '(root)') continue
    const us = timeDeltas[n] ?? 0
    busy += us
    const where = by === 'part' ? partOf(node) : `${name || '(anonymous)'} ${placeOf(node)}`
    sums.set(where, (sums.get(where) ?? 0) + us)
  }
  return [...sums].map(([where, us]) => ({ where, share: us / busy })).toSorted((a, b) => b.share - a.share)
}

function placeOf({ callFrame: { url, lineNumber } }: ProfileNode): string {
  const short = url.replace(/^.*\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?/, '').replace(/^.*\/(packages\/)/, '$1')
  return short === '' ? '' : `${short}:${lineNumber + 1}`
}

function partOf(node: ProfileNode): string {
  const { functionName, url } = node.callFrame
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)') return 'outside of JavaScript'
  if (url === '') return 'calls into Node: TLS, sockets, SQLite'
  if (url.startsWith('node:')) return `node: ${url.slice('node:'.length).split('/').slice(0, 2).join('/')}`
  const ours = /\/packages\/([^/]+)\/src\/([^/]+)/.exec(url)
  if (ours) return `${ours[1]}/${ours[2]}`
  return /\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url
}
