/** The real machine. */
import { rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostId } from '@fleetmend/shared'
import { accountName } from './accounts.ts'
import { answerQuestion } from './answer-question.ts'
import { errnoWords } from './errno.ts'
import { requestAs } from './fastcgi-as.ts'
import { requestFastCgi } from './fastcgi.ts'
import { list, readFile, readFrom, readLink, resolvePath, space, stat } from './files.ts'
import { guardFrozen } from './guard-frozen.ts'
import type { Did, Host } from './host.ts'
import { probeHttp } from './http-probe.ts'
import { readGzipEnd, withLog } from './log-files.ts'
import { privateNamespaces } from './private-namespace.ts'
import { readOne, readProcesses } from './processes.ts'
import { removeLeftovers, replaceFile, syncDirectory } from './replace-file.ts'
import type { Self } from './self.ts'
import { setDirectoryMode } from './set-directory-mode.ts'
import { sendSignal } from './signals.ts'
import { reloadUnitFiles, tellSystemd } from './systemd.ts'
import { writeObstacle } from './write-obstacle.ts'

export function linuxHost(id: HostId, self: Self): Host {
  const namespaces = privateNamespaces()
  return {
    id,
    nowMs: () => Date.now(),
    readFile,
    withLog,
    readGzipEnd,
    readFrom,
    stat,
    list,
    resolve: resolvePath,
    writeObstacle,
    readLink,
    space,
    processes: readProcesses,
    process: readOne,
    ask: (question) => answerQuestion(question, namespaces),
    fastcgi: ({ asProcess, ...request }) =>
      asProcess === undefined ? requestFastCgi(request) : requestAs(asProcess, request),
    http: probeHttp,
    userName: (uid) => accountName('/etc/passwd', uid),
    groupName: (gid) => accountName('/etc/group', gid),
    sleep: async (ms) => {
      await sleep(ms)
    },
    replaceFile,
    removeLeftovers,
    removeFile: (path) => removing(path, () => rm(path)),
    removeDirectory: (path) => removing(path, () => rmdir(path)),
    setDirectoryMode,
    systemd: tellSystemd,
    daemonReload: reloadUnitFiles,
    signal: async (process, signal) => sendSignal(process, signal),
    guardFrozen: (master, limitMs) => guardFrozen(self, master, limitMs),
  }
}

async function removing(path: string, remove: () => Promise<void>): Promise<Did> {
  try {
    await remove()
    await syncDirectory(dirname(path))
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `${path} could not be removed: ${errnoWords(error)}` }
  }
}
