/** Diagnoses of what is too little: workers, queue, memory, processes, files, connections, disk. */
import { backlogFull } from './backlog-full.ts'
import { diskFull } from './disk-full.ts'
import { fdLimit } from './fd-limit.ts'
import { forkLimit } from './fork-limit.ts'
import { keepalivePinsWorkers } from './keepalive-pins-workers.ts'
import { memoryLimitHit } from './memory-limit-hit.ts'
import { nginxConnectionsExhausted } from './nginx-connections-exhausted.ts'
import { poolExhausted } from './pool-exhausted.ts'
import { poolTooLarge } from './pool-too-large.ts'
import { workerOomKilled } from './worker-oom-killed.ts'

export const capacityDiagnoses = [
  diskFull,
  workerOomKilled,
  poolTooLarge,
  forkLimit,
  fdLimit,
  nginxConnectionsExhausted,
  keepalivePinsWorkers,
  poolExhausted,
  backlogFull,
  memoryLimitHit,
]
