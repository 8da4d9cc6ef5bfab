/** nginx may not open any more files, and a connection is one. */
import type { Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { nextFiles } from '../../judgement/limits.ts'
import { newestMs, standingErrors } from '../../judgement/standing-errors.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const recentMs = 2 * 60_000

export const fdLimit = defineDiagnosis({
  id: 'fd-limit',
  title: 'nginx may not open more files',
  role: 'cause',
  meaning:
    'Every connection of a worker of nginx is an open file. At its limit (worker_rlimit_nofile, else LimitNOFILE of the ' +
    'unit) it can connect to no backend, and answers 500; it logs "socket() failed (24: Too many open files)". New clients ' +
    'wait or are turned away. It is no fault of PHP.',
  judge,
})

function judge(facts: HostFacts): readonly Finding[] {
  const errors = standingErrors(facts, ['too-many-files'], recentMs)
  const allowed = facts.capacity.nginx
  const newest = errors.at(-1)
  if (!newest || !facts.nginx.master || !allowed) return []
  const { openFiles, workerFiles, configPath } = allowed
  return [
    {
      diagnosis: 'fd-limit',
      role: 'cause',
      subject: { kind: 'service', name: 'nginx' },
      says: `nginx may not open more than ${openFiles ? `${openFiles.limit} files` : 'its limit of files'} per worker, and requests fail for want of one.`,
      evidence: [
        {
          source: 'nginx error log',
          says: `${errors.length} × ${newest.message}`,
          at: instantOf(newestMs(errors)),
        },
        ...(openFiles
          ? [{ source: '/proc of the workers of nginx', says: `${openFiles.now} files open of ${openFiles.limit}` }]
          : []),
        workerFiles?.setAt
          ? { source: workerFiles.setAt, says: `worker_rlimit_nofile ${workerFiles.value}` }
          : { source: configPath, says: 'worker_rlimit_nofile is not set, so the limit of the unit holds' },
      ],
      ...(nextFiles(allowed) === null
        ? { remediations: [], withoutRemediation: leak(facts.nginx.workerPid) }
        : { remediations: [{ id: 'raise-limits', input: { service: 'nginx', limit: 'files' } }] }),
    },
  ]
}

function leak(workerPid: number | null): string {
  return (
    'The limit is as large as the kernel gives. See what the files are: ' +
    `\`ls -l /proc/${workerPid ?? 'PID'}/fd | awk '{print $NF}' | sort | uniq -c | sort -rn | head\`.`
  )
}
