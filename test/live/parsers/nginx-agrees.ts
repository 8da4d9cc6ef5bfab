/** Whether our reading of nginx's configuration and what `nginx -T` said of the same files agree. */
import { readNginxConfigErrors } from '../../../packages/agent/src/readings/nginx-config-errors.ts'
import type { NginxConfigReading } from '../../../packages/agent/src/readings/nginx-config.ts'
import { readNginxDump } from '../../../packages/agent/src/readings/nginx-dump.ts'

/** None: they agree. What a module refuses is its own, also where it comes before what the reader would refuse. */
export function nginxDifferences(
  ours: NginxConfigReading,
  said: { readonly exitCode: number; readonly stdout: string; readonly stderr: string },
): readonly string[] {
  if (said.exitCode === 0) {
    if (!ours.ok) return [`nginx takes what we refuse: ${ours.says}`]
    const [mine, its] = [ours.value.files, readNginxDump(said.stdout)]
    return JSON.stringify(mine) === JSON.stringify(its)
      ? []
      : [`files: ${mine.map(({ path }) => path).join(' ')}; nginx has ${its.map(({ path }) => path).join(' ')}`]
  }
  const [error] = readNginxConfigErrors(said.stderr)
  if (!error?.path || !isForTheReader.test(error.says)) return []
  const its = `${error.says} in ${error.path}:${error.line}`
  if (ours.ok) return [`nginx refuses what we take: ${its}`]
  return plain(ours.says) === plain(its) ? [] : [`${ours.says}; nginx says ${its}`]
}

/** What nginx's reader says before a module sees the directive. */
const isForTheReader =
  /^(?:unexpected |too long parameter|(?:open|p?read)\(\) |unknown directive "[^"]*[^\w"]|invalid number of arguments in "include")/

/** The system's words for a file that is not there are not ours; in nginx's, a name ends where a NUL is. */
function plain(says: string): string {
  return says
    .replace(/^(?:open|p?read)\(\) (".*") failed \(\d+: .*?\)/s, 'cannot read $1')
    .replace(/^cannot read (".*") \(.*?\)/s, 'cannot read $1')
    .replace(/\0[^"]*/, '')
}
