/** The processes of the benchmark: each is asked by name and answers once, and none outlives whoever started it. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a process can be asked to do. */
export type Tasks = Readonly<Record<string, (input: never) => unknown>>

export interface Part<Offered extends Tasks> {
  readonly pid: number
  ask<Name extends keyof Offered & string>(
    name: Name,
    ...input: Parameters<Offered[Name]>
  ): Promise<Awaited<ReturnType<Offered[Name]>>>
  /** Ends it, at once. */
  end(): Promise<void>
}

interface Question {
  readonly id: number
  readonly name: string
  readonly input: unknown
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly failed?: string
}

export interface PartOptions {
  /** For Node itself. */
  readonly flags?: readonly string[]
}

export async function startPart<Offered extends Tasks>(
  file: string,
  input: unknown,
  { flags = [] }: PartOptions = {},
): Promise<Part<Offered>> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, { serialization: 'advanced', execArgv: [...flags], stdio: ['ignore', 2, 2, 'ipc'] })
  const asked = new Map<number, PromiseWithResolvers<unknown>>()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let lastId = 0
  child.on('message', ({ id, value, failed }: Answer) => {
    const waiting = asked.get(id)
    asked.delete(id)
    if (failed === undefined) waiting?.resolve(value)
    else waiting?.reject(new Error(`${file}: ${failed}`))
  })
  void ended.then(() => {
    for (const waiting of asked.values()) waiting.reject(new Error(`${file} ended before it had answered.`))
  })
  const ask = (name: string, given: unknown): Promise<unknown> => {
    const id = ++lastId
    const waiting = Promise.withResolvers<unknown>()
    asked.set(id, waiting)
    tell(child, { id, name, input: given } satisfies Question)
    return waiting.promise
  }
  await ask('begin', input)
  return {
    pid: child.pid ?? 0,
    ask: (name, given?: unknown) => ask(name, given) as never,
    async end() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function tell(child: ChildProcess, question: Question): void {
  child.send(question)
}

/** In the process itself: `begin` makes what it can be asked, and whoever started it going away ends it. */
export function answerParent(begin: (input: never) => Promise<Tasks>): void {
  let tasks: Tasks = {}
  process.on('disconnect', () => process.exit())
  process.on('message', (question: Question) => void answer(question))

  async function answer({ id, name, input }: Question): Promise<void> {
    try {
      if (name === 'begin') tasks = await begin(input as never)
      const value = name === 'begin' ? null : await tasks[name]?.(input as never)
      process.send?.({ id, value } satisfies Answer)
    } catch (error) {
      process.send?.({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
}
