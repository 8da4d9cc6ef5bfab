/** Everything about some files that a tool must not change by accident: names, bytes, modes, owners, ACLs, xattrs. */
import type { LabHost } from './host.ts'

/** Times are left out: reading changes some of them, and a rollback may not restore them. */
export async function snapshot(host: LabHost, ...roots: readonly string[]): Promise<string> {
  const names = await host.must(['find', ...roots, '-printf', '%p %y %m %u %g %s %l\\n'])
  const bytes = await host.must(['find', ...roots, '-type', 'f', '-exec', 'sha256sum', '{}', '+'])
  const acls = await host.must(['getfacl', '--recursive', '--absolute-names', '--skip-base', ...roots])
  const sorted = (text: string) => text.split('\n').toSorted().join('\n')
  return [sorted(names), sorted(bytes), acls].join('\n')
}
