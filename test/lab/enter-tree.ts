/** The process that holds a tree open: PID 1 of its namespaces, waiting with the tree as its root for others to come in. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plainEnvironment } from './tool.ts'

const [folder = '', ...layers] = process.argv.slice(2)
const tree = join(folder, 'tree')

mount('tmpfs', 'size=256m,mode=0755', folder)
for (const name of ['upper', 'work', 'tree']) mkdirSync(join(folder, name))
mount('overlay', `lowerdir=${layers.join(':')},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`, tree)
mount('proc', 'nosuid', join(tree, 'proc'))
writeFileSync(join(tree, 'etc/hosts'), '127.0.0.1 localhost\n')
execFileSync('ip', ['link', 'set', 'lo', 'up'], { env: plainEnvironment })
process.execve?.('/usr/sbin/chroot', ['chroot', tree, 'sleep', 'infinity'], plainEnvironment)

function mount(kind: string, options: string, at: string): void {
  execFileSync('mount', ['-t', kind, '-o', options, kind, at], { env: plainEnvironment })
}
