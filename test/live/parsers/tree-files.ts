/** A tree's files as the survey asks for them, so that includes are found by the product's own glob. Without links. */
import { HostId } from '@fleetmend/shared'
import { linuxHost } from '../../../packages/agent/src/host/linux-host.ts'
import type { ReadHost } from '../../../packages/agent/src/host/host.ts'
import type { DebianTree } from '../../lab/debian-tree.ts'

export function filesIn(tree: DebianTree): ReadHost {
  const host = linuxHost(HostId.parse('parsers'), { program: '', args: [] })
  const inTree: Pick<ReadHost, 'readFile' | 'stat' | 'list' | 'resolve'> = {
    readFile: (path, limitBytes) => host.readFile(tree.at(path), limitBytes),
    stat: (path) => host.stat(tree.at(path)),
    list: (path) => host.list(tree.at(path)),
    resolve: async (path) => {
      const stat = await host.stat(tree.at(path))
      return stat.ok ? { ok: true, value: path } : stat
    },
  }
  return { ...host, ...inTree }
}
