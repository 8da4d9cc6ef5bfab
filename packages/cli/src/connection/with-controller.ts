/** A command's work with the controller at hand, and the line closed whatever becomes of it. */
import type { ExitCode } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { openWay } from './open-way.ts'
import { controllerAt, type Controller } from './controller.ts'

export async function withController(
  cli: Pick<Cli, 'way' | 'environment'>,
  work: (controller: Controller) => Promise<ExitCode>,
): Promise<ExitCode> {
  const controller = controllerAt(() => openWay(cli))
  try {
    return await work(controller)
  } finally {
    controller.close()
  }
}
