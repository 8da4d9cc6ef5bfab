/** Stock ssh-agent with some keys in it, gone with the scope. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function agentWith(...keyPaths: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fleetmend-ssh-agent-'))
  const socketPath = join(folder, 'agent.sock')
  const child = spawn('ssh-agent', ['-D', '-a', socketPath], { stdio: ['ignore', 'pipe', 'ignore'] })
  // It says where it listens once it does.
  await once(child.stdout, 'data')
  const env = { ...process.env, SSH_AUTH_SOCK: socketPath }
  for (const path of keyPaths) execFileSync('ssh-add', ['-q', path], { env, stdio: 'ignore' })
  return {
    socketPath,
    async [Symbol.asyncDispose]() {
      child.kill()
      await once(child, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
