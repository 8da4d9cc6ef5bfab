/**
 * A disk with Debian 12 for virtual machines: the tree of the test hosts with Debian's own kernel, auditd, AppArmor and SELinux.
 * Made once and kept, like the trees: a minute for the packages, and some for the labels, which only a kernel with SELinux gives.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lowerLayers } from './base-tree.ts'
import { runtimeHere } from './node-on-host.ts'
import { must } from './tool.ts'
import { image, startVirtualMachine } from './virtual-machine.ts'

const cache = process.env['FLEETMEND_CACHE'] ?? '/var/cache/fleetmend'

const packages = [
  ...['linux-image-cloud-amd64', 'initramfs-tools', 'auditd', 'apparmor', 'apparmor-profiles'],
  ...['selinux-policy-default', 'selinux-utils', 'policycoreutils', 'policycoreutils-python-utils'],
]
/** Goes up when what is done here makes another disk. */
const imageVersion = 1
const buildLimitMs = 15 * 60_000
const labelLimitMs = 15 * 60_000

/** Answers with the folder of the image. */
export async function virtualImage(progress: (text: string) => void): Promise<string> {
  const layers = await lowerLayers('debian12', progress)
  const digest = createHash('sha256')
    .update(JSON.stringify([packages, imageVersion, layers]))
    .digest('hex')
  const folder = join(cache, 'images', `debian12-${digest.slice(0, 12)}`)
  if (existsSync(folder)) return folder
  progress('making the disk of virtual machines: once, about five minutes')
  const unfinished = `${folder}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  const tree = join(unfinished, 'tree')
  for (const layer of layers.toReversed()) await must(['cp', '-a', `${layer}/.`, tree])
  await install(tree)
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(unfinished, image.key)])
  await furnish(tree, join(unfinished, `${image.key}.pub`))
  const boot = readdirSync(join(tree, 'boot'))
  for (const [name, prefix] of [
    [image.kernel, 'vmlinuz-'],
    [image.initrd, 'initrd.img-'],
  ] as const)
    await must([
      'cp',
      join(tree, 'boot', boot.find((each) => each.startsWith(prefix)) ?? prefix),
      join(unfinished, name),
    ])
  await must(['mke2fs', '-q', '-t', 'ext4', '-d', tree, join(unfinished, image.disk), '3G'], { limitMs: buildLimitMs })
  rmSync(tree, { recursive: true })
  progress('giving its files their SELinux labels: about four minutes')
  await label(unfinished)
  renameSync(unfinished, folder)
  return folder
}

async function install(tree: string): Promise<void> {
  const inTree = ['unshare', '--mount', '--pid', '--fork', `--mount-proc=${join(tree, 'proc')}`, 'chroot', tree]
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  // Nothing is started while it is unpacked (invoke-rc.d(8)).
  writeFileSync(join(tree, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  await must(['cp', '/etc/resolv.conf', join(tree, 'etc/resolv.conf')])
  await must([...inTree, 'apt-get', '-qq', 'update'], { limitMs: buildLimitMs, env })
  await must([...inTree, 'apt-get', '-qqy', '--no-install-recommends', 'install', ...packages], {
    limitMs: buildLimitMs,
    env,
  })
  await must([...inTree, 'apt-get', 'clean'])
  for (const path of ['usr/sbin/policy-rc.d', 'etc/resolv.conf', 'var/lib/apt/lists'])
    rmSync(join(tree, path), { recursive: true })
}

async function furnish(tree: string, publicKey: string): Promise<void> {
  mkdirSync(join(tree, 'root/.ssh'), { recursive: true, mode: 0o700 })
  await must(['install', '-m', '0600', publicKey, join(tree, 'root/.ssh/authorized_keys')])
  writeFileSync(join(tree, 'etc/hostname'), 'web-1\n')
  writeFileSync(join(tree, 'etc/machine-id'), `${'0f'.repeat(16)}\n`)
  // The addresses of QEMU's user network.
  mkdirSync(join(tree, 'etc/systemd/network'), { recursive: true })
  writeFileSync(join(tree, 'etc/systemd/network/lab.network'), '[Match]\nName=e*\n[Network]\nAddress=10.0.2.15/24\n')
  const units = join(tree, 'etc/systemd/system')
  const networkd = 'systemd-networkd.service'
  symlinkSync(`/lib/systemd/system/${networkd}`, join(units, 'multi-user.target.wants', networkd))
  for (const unit of ['serial-getty@ttyS0.service', 'getty@tty1.service']) symlinkSync('/dev/null', join(units, unit))
  for (const [path, here] of Object.entries(runtimeHere()))
    await must(['install', '-D', '-m', '0755', here, join(tree, path)])
}

async function label(folder: string): Promise<void> {
  await using machine = await startVirtualMachine(folder, { kernel: 'selinux', enforcing: false, keep: true })
  await machine.must(['restorecon', '-R', '-F', '/'], { limitMs: labelLimitMs })
  await machine.powerOff()
}
