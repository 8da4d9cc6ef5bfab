/** A program on a real terminal of some size, and what somebody sees of it. */
import { spawn } from 'node:child_process'
import { Screen, type Size } from './screen.ts'

export interface Ran {
  /** All that was written. */
  readonly text: string
  /** What somebody saw of it. */
  screen(): Screen
}

/** script(1) makes the terminal. `hear`: what is written so far, and the keys. */
export function onTerminal(
  words: readonly string[],
  size: Size,
  environment: Readonly<Record<string, string>> = {},
  hear: (text: string, type: (keys: string) => void) => void = () => undefined,
): Promise<Ran> {
  const command = `stty rows ${size.rows} cols ${size.columns}; exec '${process.execPath}' ${words.map((word) => `'${word}'`).join(' ')}`
  const env = { PATH: '/usr/bin:/bin', TERM: 'xterm', ...environment }
  const child = spawn('script', ['-qec', command, '/dev/null'], { env })
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    text += chunk
    hear(text, (keys) => child.stdin.write(keys))
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      resolve({ text, screen: () => drawn(text, size) })
    })
  })
}

function drawn(text: string, size: Size): Screen {
  const screen = new Screen(size)
  screen.write(text)
  return screen
}
