/** Every text that the services of this host are configured by, as far as it can be read: also those they refuse. */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readFpmConfig } from '../readings/fpm-config.ts'
import { readNginxConfig } from '../readings/nginx-config.ts'
import { readWithFiles, type ConfigSources } from './config-files.ts'
import { fpmPrefix } from './fpm-prefix.ts'
import { findFpmServices } from './fpm-services.ts'
import { findNginx, startedWith } from './nginx-facts.ts'
import { readUnits } from './units.ts'

export async function configTexts(host: ReadHost): Promise<readonly string[]> {
  const [processes, units] = [await host.processes(), await readUnits(host)]
  if (!processes.ok || !units.ok) return []
  const { services } = await findFpmServices(host, processes.value, units.value)
  const { master } = await findNginx(host, units.value.nginx, processes.value)
  const { main } = startedWith(master)
  const dropIns = services.flatMap(({ unit }) => unit?.dropInPaths ?? [])
  const texts = await Promise.all([
    ...services.map(({ binary, configPath }) =>
      textsRead(host, ({ read, glob }) => readFpmConfig(configPath, read, glob, fpmPrefix(binary))),
    ),
    textsRead(host, ({ read, glob }) => readNginxConfig(main, read, glob)),
    ...dropIns.map(async (path) => {
      const file = await host.readFile(path)
      return file.ok ? [textOf(file.value)] : []
    }),
  ])
  return texts.flat()
}

/** What a reading asked for and got, whatever it made of it. */
async function textsRead(host: ReadHost, reading: (sources: ConfigSources) => unknown): Promise<readonly string[]> {
  const texts = new Map<string, string>()
  await readWithFiles(host, ({ read, glob }) =>
    reading({
      glob,
      read: (path) => {
        const file = read(path)
        if (file.ok) texts.set(path, file.text)
        return file
      },
    }),
  )
  return [...texts.values()]
}
