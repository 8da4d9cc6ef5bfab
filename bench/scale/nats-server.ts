/** Debian's `nats-server`, over TLS that asks for the same certificates as the controller does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../test/lab/free-port.ts'
import type { FleetMade } from './make-fleet.ts'

export interface NatsServer {
  readonly pid: number
  readonly url: string
  end(): Promise<void>
}

export async function startNatsServer(
  folder: string,
  { server, authority }: Pick<FleetMade, 'server' | 'authority'>,
): Promise<NatsServer> {
  const files = { cert_file: server.chain, key_file: server.key, ca_file: authority }
  const tls = Object.entries(files).map(([name, text]) => {
    const path = join(folder, `nats-${name}.pem`)
    writeFileSync(path, text, { mode: 0o600 })
    return `  ${name}: "${path}"\n`
  })
  const port = await freePort()
  const config = join(folder, 'nats.conf')
  // Many handshakes at once take longer than the two seconds that it gives them by itself.
  const rest = `max_connections: 65536\ntls {\n${tls.join('')}  verify: true\n  timeout: 60\n}\n`
  writeFileSync(config, `listen: "127.0.0.1:${port}"\n${rest}`)
  const child = spawn('nats-server', ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)))
  const exited = once(child, 'exit')
  process.once('exit', () => child.kill('SIGKILL'))
  for (let attempt = 0; !(await listens(port)); attempt++) {
    if (attempt > 200 || child.exitCode !== null) throw new Error(`nats-server does not listen:\n${said}`)
    await sleep(25)
  }
  return {
    pid: child.pid ?? 0,
    url: `tls://127.0.0.1:${port}`,
    async end() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}
