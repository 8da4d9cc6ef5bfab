/** A host as it would be: planned files stand in for those on disk, and nothing is written to find out. */
import type { PlannedFiles, Read, ReadHost } from '../host/host.ts'

/** Files only: modes, owners and processes are the host's own. */
export function plannedView(host: ReadHost, planned: PlannedFiles): ReadHost {
  if (planned.size === 0) return host
  const gone: Read<never> = { ok: false, why: 'missing', says: 'no such file' }
  const view: Pick<ReadHost, 'readFile' | 'stat' | 'list'> = {
    async readFile(path, limitBytes) {
      const bytes = planned.get(path)
      if (bytes === undefined) return host.readFile(path, limitBytes)
      return bytes === null ? gone : { ok: true, value: bytes }
    },
    async stat(path) {
      const bytes = planned.get(path)
      if (bytes === null) return gone
      const live = await host.stat(path)
      if (bytes === undefined) return live
      if (live.ok) return { ok: true, value: { ...live.value, sizeBytes: bytes.length } }
      const fresh = { mode: 0o644, uid: 0, gid: 0, sizeBytes: bytes.length, device: 0, inode: 0 } as const
      const nowMs = host.nowMs()
      return { ok: true, value: { kind: 'file', ...fresh, modifiedMs: nowMs, changedMs: nowMs } }
    },
    async list(path) {
      const live = await host.list(path)
      const names = new Set(live.ok ? live.value : [])
      const inside = [...planned].filter(([file]) => file.slice(0, file.lastIndexOf('/')) === path)
      for (const [file, bytes] of inside) {
        const name = file.slice(path.length + 1)
        if (bytes === null) names.delete(name)
        else names.add(name)
      }
      return live.ok || inside.length > 0 ? { ok: true, value: [...names].toSorted() } : live
    },
  }
  return new Proxy(host, { get: (target, name) => Reflect.get(name in view ? view : target, name) as unknown })
}
