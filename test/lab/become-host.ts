/**
 * The process that turns into a test host. It is PID 1 of a pid namespace in a mount namespace of its own: when it ends,
 * however it ends, the kernel ends everything in the host and unmounts everything it stood on.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { enterCgroups } from './cgroups.ts'
import { plainEnvironment } from './tool.ts'

export interface HostSpec {
  /** As it is known to this machine; the host's own name is `name`. */
  readonly machine: string
  readonly name: string
  readonly machineId: string
  /** Topmost first. */
  readonly lowerLayers: readonly string[]
  /** Holds the host's own layer and survives its power cuts. */
  readonly folder: string
  readonly bridge: string
  /** Folders to enter; where systemd makes the cgroups there are none, and the name of a scope instead. */
  readonly cgroups: readonly string[]
  readonly scope: string
  /** Files of this machine, by where they are laid on the host. */
  readonly laid: Readonly<Record<string, string>>
}

const spec = JSON.parse(process.argv[2] ?? '') as HostSpec
const tree = join(spec.folder, 'tree')

enterCgroups(spec.cgroups)
mountTree()
nameHost()
becomeHost()

function mountTree(): void {
  for (const name of ['upper', 'work', 'tree']) mkdirSync(join(spec.folder, name), { recursive: true })
  const layers = `lowerdir=${spec.lowerLayers.join(':')},upperdir=${join(spec.folder, 'upper')},workdir=${join(spec.folder, 'work')}`
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, tree], { env: plainEnvironment })
}

function nameHost(): void {
  writeFileSync(join(tree, 'etc/hostname'), `${spec.name}\n`)
  writeFileSync(join(tree, 'etc/machine-id'), `${spec.machineId}\n`)
  writeFileSync(join(tree, 'etc/hosts'), `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${spec.name}\n`)
  for (const path of Object.keys(spec.laid)) mkdirSync(join(tree, dirname(path)), { recursive: true })
}

function becomeHost(): void {
  const options = [
    ...['-D', tree, '-M', spec.machine, `--hostname=${spec.name}`, '--boot', '--quiet', '--console=pipe'],
    // There is no machined to register with, and the cgroup this process is in is the host's already.
    ...['--register=no', '--keep-unit', '--link-journal=no', '--resolv-conf=off', '--timezone=off'],
    `--network-bridge=${spec.bridge}`,
    ...Object.entries(spec.laid).map(([path, here]) => `--bind-ro=${here}:${path}`),
  ]
  process.execve?.('/usr/bin/systemd-nspawn', ['systemd-nspawn', ...options], plainEnvironment)
}
