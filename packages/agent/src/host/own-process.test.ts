import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startOwnProcess } from './own-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** As an agent that does what a script says. */
async function agent(script: string) {
  const folder = await temporaryFolder()
  await writeFile(folder.at('agent.mjs'), script)
  return Object.assign(folder, { self: { program: process.execPath, args: [folder.at('agent.mjs')] } })
}

test('it is there once it has said so, with its arguments, and ends when it is asked to', async () => {
  await using folder = await agent(`
    import { createServer } from 'node:net'
    const path = process.argv[2]
    const server = createServer().listen(path, () => console.log('ready'))
    process.stdin.on('end', () => server.close()).resume()
  `)
  const own = await startOwnProcess(folder.self, [folder.at('socket')])
  expect(existsSync(folder.at('socket'))).toBe(true)
  own.end()
  await expect.poll(() => existsSync(folder.at('socket')), { timeout: 10_000 }).toBe(false)
})

test('one that ends before it was ready did not start', async () => {
  await using folder = await agent('process.exitCode = 3')
  await expect(startOwnProcess(folder.self, [])).rejects.toThrow('it ended at once (3)')
})

test('one that is not there did not start', async () => {
  await expect(startOwnProcess({ program: '/opt/no-such-node', args: [] }, [])).rejects.toThrow('ENOENT')
})
