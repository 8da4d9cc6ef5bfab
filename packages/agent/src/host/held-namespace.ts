/** A private mount namespace that lives as long as it is held: by an open file of this process, and by no other process. */
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Read } from './host.ts'
import { runTool } from './run-tool.ts'

export interface HeldNamespace extends Disposable {
  /** Arguments of `nsenter` that go before the program to be run inside. */
  readonly inside: readonly string[]
}

const lookEveryMs = 1

/** Everything in the table, a file as in fstab(5), is mounted there, from the top down. */
export async function holdNamespace(table: string, limitMs: number): Promise<Read<HeldNamespace>> {
  // What is in there waits for its input, until the namespace is held, and is then `mount`. Not `mount --namespace`, which
  // came with util-linux 2.33: RHEL 8 has 2.32.
  const mounting = ['xargs', '-0', 'mount']
  const [program = '', ...args] = [
    ...asTheHostSeesIt(),
    'unshare',
    '--mount',
    '--propagation',
    'private',
    '--',
    ...mounting,
  ]
  const holding: { namespace: number | null } = { namespace: null }
  const ran = await runTool({
    ...{ program, args, limitMs },
    input: async (pid) => {
      // By then it has been through `unshare`. Where it has ended there is nothing to be read, and it has said why.
      while (readFileSync(`/proc/${pid}/comm`, 'latin1') !== 'xargs\n') await sleep(lookEveryMs)
      holding.namespace = openSync(`/proc/${pid}/ns/mnt`, 'r')
      return ['--all', '--fstab', table].join('\0')
    },
  })
  const { namespace } = holding
  if (ran.ok && ran.value.exitCode === 0 && namespace !== null) {
    const inside = [`--mount=/proc/${process.pid}/fd/${namespace}`, '--']
    return { ok: true, value: { inside, [Symbol.dispose]: () => closeSync(namespace) } }
  }
  if (namespace !== null) closeSync(namespace)
  return ran.ok ? { ok: false, why: 'failed', says: ran.value.stderr } : ran
}

/**
 * A unit that may write nowhere sees file systems that are read-only. What is tried out has to meet them as the services
 * do, or it fails for a reason of ours.
 */
function asTheHostSeesIt(): readonly string[] {
  try {
    const isSame = readlinkSync('/proc/self/ns/mnt') === readlinkSync('/proc/1/ns/mnt')
    return isSame ? [] : ['nsenter', '--mount=/proc/1/ns/mnt', '--']
  } catch {
    return []
  }
}
