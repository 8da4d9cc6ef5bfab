/**
 * A virtual machine with a kernel of its own, for what this machine's kernel cannot produce: SELinux, AppArmor, cgroup v2. QEMU
 * emulates it, so that it runs anywhere, slowly. It has no network but a port to log in by.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { plainEnvironment, runTool, type Ran, type ToolOptions } from './tool.ts'

/** What stands in the folder of an image. */
export const image = { disk: 'disk.img', kernel: 'vmlinuz', initrd: 'initrd', key: 'key' } as const

export interface VirtualMachine extends AsyncDisposable {
  /** Runs a program inside, as root. */
  run(argv: readonly string[], options?: ToolOptions): Promise<Ran>
  must(argv: readonly string[], options?: ToolOptions): Promise<string>
  readFile(path: string): Promise<string>
  writeFile(path: string, text: string | Uint8Array): Promise<void>
  /** The status of a GET through nginx; 0 when there was no whole answer. */
  status(path: string): Promise<number>
  /** Keeps its state as it is now, its memory included; `goBack` makes it so again, as often as one likes. */
  remember(): Promise<void>
  goBack(): Promise<void>
  powerOff(): Promise<void>
}

export interface VirtualOptions {
  readonly kernel: 'selinux' | 'apparmor'
  readonly enforcing?: boolean
  /** What it writes stays on the disk. */
  readonly keep?: boolean
}

const bootLimitMs = 5 * 60_000

export async function startVirtualMachine(folder: string, options: VirtualOptions): Promise<VirtualMachine> {
  const port = await freePort()
  const scratch = mkdtempSync(join(tmpdir(), 'fleetmend-vm-'))
  const monitor = join(scratch, 'monitor')
  const qemu = startQemu(folder, port, monitor, options)
  const login = ['ssh', '-q', '-i', join(folder, image.key), ...sshOptions, '-p', String(port), 'root@127.0.0.1', '--']
  const run = (argv: readonly string[], toolOptions?: ToolOptions) =>
    // sshd hands one line to the shell of the account.
    runTool([...login, argv.map(quoted).join(' ')], toolOptions)
  const must = async (argv: readonly string[], toolOptions?: ToolOptions): Promise<string> => {
    const ran = await run(argv, toolOptions)
    if (ran.exitCode === 0) return ran.stdout
    throw new Error(`${argv.join(' ')}: exit ${ran.exitCode}\n${ran.stdout}${ran.stderr}`)
  }
  const machine: VirtualMachine = {
    run,
    must,
    readFile: (path) => must(['cat', '--', path]),
    writeFile: async (path, text) => void (await must(['dd', `of=${path}`, 'status=none'], { input: text })),
    status: async (path) => {
      const asked = ['curl', '--silent', '--output', '/dev/null', '--write-out', '%{http_code}', '--max-time', '20']
      return Number((await run([...asked, `http://127.0.0.1${path}`])).stdout)
    },
    remember: () => tellMonitor(monitor, 'savevm remembered'),
    goBack: () => tellMonitor(monitor, 'loadvm remembered'),
    powerOff: async () => {
      await run(['systemctl', 'poweroff'])
      await ended(qemu)
    },
    [Symbol.asyncDispose]: async () => {
      qemu.kill('SIGKILL')
      await ended(qemu)
      rmSync(scratch, { recursive: true, force: true })
    },
  }
  try {
    await untilUp(machine, qemu)
    return machine
  } catch (error) {
    await machine[Symbol.asyncDispose]()
    throw error
  }
}

const sshOptions = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=10'].flatMap((each) => [
  '-o',
  each,
])

function startQemu(
  folder: string,
  port: number,
  monitor: string,
  { kernel, enforcing = true, keep = false }: VirtualOptions,
): ChildProcess {
  const modules = kernel === 'selinux' ? `selinux=1 enforcing=${enforcing ? 1 : 0}` : 'apparmor=1'
  const args = [
    // Emulated: KVM inside of a virtual machine is not to be relied on.
    ...['-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', '1024', '-display', 'none', '-no-reboot'],
    ...['-kernel', join(folder, image.kernel), '-initrd', join(folder, image.initrd)],
    ...['-append', `root=/dev/vda rw quiet security=${kernel} ${modules}`],
    ...['-drive', `file=${join(folder, image.disk)},if=virtio,format=raw`, ...(keep ? [] : ['-snapshot'])],
    ...['-monitor', `unix:${monitor},server=on,wait=off`],
    ...['-netdev', `user,id=login,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,netdev=login'],
  ]
  // It dies with this process.
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: plainEnvironment,
  })
}

/** Up means: systemd has started all it is going to start. */
async function untilUp(machine: VirtualMachine, qemu: ChildProcess): Promise<void> {
  let last = 'nobody could log in'
  for (const endMs = Date.now() + bootLimitMs; Date.now() < endMs; await sleep(1000)) {
    if (qemu.exitCode !== null || qemu.signalCode !== null)
      throw new Error('The virtual machine ended while it booted.')
    const system = await machine.run(['systemctl', 'is-system-running', '--wait'], { limitMs: bootLimitMs })
    last = system.stdout.trim() || last
    if (/^(running|degraded)/.test(system.stdout)) return
  }
  throw new Error(`The virtual machine is not up after ${bootLimitMs / 1000} s: ${last}`)
}

/** QEMU's monitor shows its prompt before a command and after it; what stands between is what went wrong. */
async function tellMonitor(path: string, command: string): Promise<void> {
  const prompt = '(qemu) '
  const socket = connect(path).setEncoding('utf8')
  let said = ''
  let isTold = false
  for await (const text of socket as AsyncIterable<string>) {
    said += text
    if (!said.endsWith(prompt)) continue
    if (isTold) break
    said = ''
    isTold = true
    socket.write(`${command}\n`)
  }
  const error = /Error: .*/.exec(said)?.[0]
  if (error !== undefined) throw new Error(`${command}: ${error}`)
}

async function ended(qemu: ChildProcess): Promise<void> {
  if (qemu.exitCode === null && qemu.signalCode === null) await once(qemu, 'exit')
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
