/** `fleetmend controller backup`: a copy of the controller's store, taken while it works. */
import { createHash, randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exitCodes, problem, safeLine, shellWord, type Problem } from '@fleetmend/shared'
import { isThere } from '@fleetmend/shared/node/is-there'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import type { Controller } from '../connection/controller.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type BackupDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { jsonOption } from '../words/target.ts'

export function backupCommand(cli: Cli) {
  return new Command('backup')
    .description(
      'Copies the store of the controller into a file that is not there yet, while it works, e.g. fleetmend controller backup /var/backups/fleetmend-monday.sqlite. Its keys are files in its folder, and not in it.',
    )
    .argument('<file>', 'Whole when it is there; for its owner alone.')
    .option(...jsonOption)
    .action(
      cli.action((file, options) =>
        withController(cli, async (controller) => {
          const saved = await save(controller, file)
          if (!saved.ok) return reportProblem(cli.streams, saved.problem, options)
          const document: BackupDocument = { format: 'fleetmend.backup/1', ...saved.value }
          if (options.json) printJson(cli.streams, document)
          else
            cli.streams.out(
              `${safeLine(file)}  ${Math.ceil(saved.value.sizeBytes / 1024)} KiB  ${saved.value.digest}\n`,
            )
          cli.streams.err(
            `It holds the store. The keys of the fleet are files in the folder of the controller (--data): copy them once, and keep them apart.\nTo put it back, with the controller stopped and nothing left of what it last wrote:\n    rm -f /var/lib/fleetmend-controller/controller.sqlite-wal\n    install -m 600 ${shellWord(file)} /var/lib/fleetmend-controller/controller.sqlite\n`,
          )
          return exitCodes.done
        }),
      ),
    )
}

type Saved =
  | { readonly ok: true; readonly value: Omit<BackupDocument, 'format'> }
  | { readonly ok: false; readonly problem: Problem }

/** Whole and on disk, or not there at all. */
async function save(controller: Controller, file: string): Promise<Saved> {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}.unfinished`
  try {
    if (await isThere(file)) return refuse(file, 'there is such a file already')
    const received = await receive(controller, unfinished)
    if (!received.ok) return received
    await rename(unfinished, file)
    const folder = await open(dirname(file))
    await folder.sync()
    await folder.close()
    return { ok: true, value: { file, ...received.value } }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return refuse(file, code)
  } finally {
    await rm(unfinished, { force: true })
  }
}

type Received =
  | { readonly ok: true; readonly value: Pick<BackupDocument, 'sizeBytes' | 'digest'> }
  | { readonly ok: false; readonly problem: Problem }

async function receive(controller: Controller, path: string): Promise<Received> {
  await using file = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  const pieces = controller.stream((api) => api.store.backup.subscribe())
  for (;;) {
    const next = await pieces.next()
    if (next.done)
      return {
        ok: false,
        problem:
          next.value?.problem ??
          problem('backup-failed', 'The controller ended before the copy did. Nothing was kept.'),
      }
    if (next.value.bytes === null) {
      const { sizeBytes, digest } = next.value
      if (`sha256:${hash.digest('hex')}` !== digest)
        return { ok: false, problem: problem('backup-failed', 'What arrived is not what was sent. Nothing was kept.') }
      await file.sync()
      return { ok: true, value: { sizeBytes, digest } }
    }
    const bytes = Buffer.from(next.value.bytes, 'base64')
    hash.update(bytes)
    await file.writeFile(bytes)
  }
}

function refuse(file: string, why: string): Extract<Saved, { ok: false }> {
  return { ok: false, problem: problem('bad-input', `Cannot write ${safeLine(file)} here: ${why}.`) }
}
