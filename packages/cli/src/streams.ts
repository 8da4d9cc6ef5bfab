/** Where a command reads and writes: data, progress and questions, each apart, so that tests can pass their own. */
import { createInterface } from 'node:readline'
import { paintFor, type Paint } from '@fleetmend/shared'

export interface Streams {
  /** Data. */
  out(text: string): void
  /** Progress and problems. */
  err(text: string): void
  /** For what goes to `out`. */
  readonly paint: Paint
  /** For what goes to `err`. */
  readonly errPaint: Paint
  /** As wide as lines should be: the terminal, unless it is very wide, or what reads well in a log. */
  readonly width: number
  /** Of the terminal as it is now, like `rows`. */
  readonly columns: number
  readonly rows: number
  /** Called when the terminal gets another size; returns what ends that. */
  onResize(listener: () => void): () => void
  /** Whether what goes to `out` is read on a terminal. */
  readonly isOutTerminal: boolean
  /** Whether progress may be drawn over: stderr is a terminal that understands it. */
  readonly isLive: boolean
  /** Whether there is a person to ask. */
  readonly canAsk: boolean
  /** One line of the answer; null where the input ended instead. */
  ask(question: string): Promise<string | null>
  /** As `ask`, for what must stay on no screen; where there is no terminal, the first line of the input. */
  askSecret(question: string): Promise<string | null>
}

/** Nobody reads lines that are wider, however wide the window is. */
const widest = 120

export function processStreams(): Streams {
  const { stdin, stdout, stderr, env } = process
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    paint: paintFor(stdout.isTTY, env),
    errPaint: paintFor(stderr.isTTY, env),
    get width() {
      return Math.min(stderr.columns || stdout.columns || 100, widest)
    },
    get columns() {
      return stderr.columns || 80
    },
    get rows() {
      return stderr.rows || 24
    },
    onResize: (listener) => {
      stderr.on('resize', listener)
      return () => stderr.off('resize', listener)
    },
    isOutTerminal: stdout.isTTY,
    isLive: stderr.isTTY && env['TERM'] !== 'dumb',
    canAsk: stdin.isTTY && stderr.isTTY,
    ask: (question) => {
      stderr.write(question)
      return readLine()
    },
    askSecret: (question) => {
      if (!stdin.isTTY) return readLine()
      return readUnseen(stdin, question)
    },
  }
}

const endOfInput = new Set(['\u0003', '\u0004'])
const rubOut = new Set(['\u0008', '\u007f'])

/** In raw mode, because only then the terminal repeats nothing; so what it would do with Ctrl-C is done here. */
function readUnseen(stdin: typeof process.stdin, question: string): Promise<string | null> {
  return new Promise((resolve) => {
    let typed = ''
    const finish = (answer: string | null): void => {
      stdin.setRawMode(false)
      stdin.off('data', take)
      stdin.pause()
      process.stderr.write('\n')
      resolve(answer)
    }
    const take = (chunk: Buffer | string): void => {
      for (const key of chunk.toString()) {
        if (key === '\r' || key === '\n') return finish(typed)
        if (key === '\u0003') process.kill(process.pid, 'SIGINT')
        if (endOfInput.has(key)) return finish(null)
        typed = rubOut.has(key) ? typed.slice(0, -1) : typed + key
      }
    }
    stdin.setRawMode(true)
    stdin.on('data', take)
    stdin.resume()
    // Not before: what is typed at once would still be repeated.
    process.stderr.write(question)
  })
}

/** The terminal stays as it is (no raw mode), so that Ctrl-C reaches the process as a signal. */
function readLine(): Promise<string | null> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, terminal: false })
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => {
      process.stdin.pause()
      resolve(null)
    })
  })
}
