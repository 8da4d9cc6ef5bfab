/** The socket's file is gone while its PHP-FPM runs and listens. */
import type { Finding } from '@fleetmend/shared'
import { restartSteps } from '../../judgement/by-hand.ts'
import { listens, unreached, type Unreached } from '../../judgement/upstream-obstacle.ts'
import { plain, poolSubject, said, sitesInWords, upstreamEvidence } from '../../judgement/upstream-words.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'socket-missing'

export const socketMissing = defineDiagnosis({
  id,
  title: "The socket's file was deleted under a running FPM",
  role: 'cause',
  meaning:
    'The kernel still lists the socket and FPM still waits on it, but its name in the file system is gone: a clean-up job, ' +
    'somebody who took it for stale, a cleared /run. Nobody can connect: 502 with "(2: No such file or directory)". A reload ' +
    'hands the same socket on without its name; only a stop and a start make a new one.',
  judge: (facts) => unreached(facts, id).flatMap((at) => judgeAddress(facts, at)),
})

function judgeAddress(facts: HostFacts, at: Unreached): readonly Finding[] {
  const { address, way } = at.upstream
  const service = facts.fpm.find((each) => listens(each, address))
  if (!service) return []
  const path = plain(address)
  const pool = service.pools.find(({ listen }) => listen === address)
  const missing = way?.missing ?? path
  const hasFolder = missing === path
  return [
    {
      diagnosis: id,
      role: at.role,
      subject: poolSubject(pool?.subject ?? service.service),
      says: said(
        facts,
        at,
        `${service.service} listens on ${path}, but that ${hasFolder ? 'file' : 'path'} no longer exists, so ${sitesInWords(at.passes)} cannot reach it.`,
      ),
      evidence: [
        { source: `ss -lxnp, pid ${service.master?.pid ?? 0}`, says: `${service.service} is listening on ${path}` },
        { source: `stat ${missing}`, says: 'no such file or directory' },
        ...upstreamEvidence(facts, at),
      ],
      remediations: pool && hasFolder ? [{ id: 'recreate-socket', input: { pool: pool.subject } }] : [],
      withoutRemediation: hasFolder
        ? `Stop and start it: ${restartSteps(service)}. Find out what deletes files in ${folderOf(path)}.`
        : `Bring ${missing} back first (\`systemd-tmpfiles --create\` does for folders that packages declare; FPM does not ` +
          `make it and would not start), then ${restartSteps(service)}.`,
    },
  ]
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
