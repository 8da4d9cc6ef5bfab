/** Whose key opens an account of a host over SSH: the one line of its `authorized_keys`. */
import type { LiveHost } from './live-host.ts'

export async function letIn(host: LiveHost, user: string, line: string): Promise<void> {
  const folder = `${user === 'root' ? '/root' : `/home/${user}`}/.ssh`
  await host.must(['install', '-d', '-m', '0700', '-o', user, folder])
  await host.must(['install', '-m', '0600', '-o', user, '/dev/null', `${folder}/authorized_keys`])
  await host.writeFile(`${folder}/authorized_keys`, line)
}
