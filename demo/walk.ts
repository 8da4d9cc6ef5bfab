/** The demo's walk from a page at 02:00 to healthy hosts: the real commands, shown as they are typed and as they answer. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { manifestDigest, shellWord, type Paint, type RunView } from '@fleetmend/shared'
import type { Fleet } from '../test/lab/fleet.ts'

export interface Walk {
  /** A person answers the question for the approval; without one, the demo's key approves. */
  readonly asksAtTerminal: boolean
  readonly paint: Paint
}

/** Short, because nobody wants to wait for a demo; the default is a minute. */
const watchS = '8'

/** Answers with the run as it ended. */
export async function walk(fleet: Fleet, { asksAtTerminal, paint }: Walk): Promise<RunView> {
  const show = async (...args: readonly string[]): Promise<void> => {
    process.stdout.write(`\n${paint.bold(`$ fleetmend ${args.map(shellWord).join(' ')}`)}\n`)
    const [program = '', ...rest] = fleet.commandLine(args)
    // Long text goes by: the walk waits for nobody but its questions.
    const env = { ...process.env, FLEETMEND_USER: 'demo', PAGER: 'cat' }
    const child = spawn(program, rest, { stdio: 'inherit', env })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code === null || code === 130) throw new Error('The demo was interrupted.')
  }
  const ask = async <Document>(...args: readonly string[]): Promise<Document> =>
    JSON.parse((await fleet.cli([...args, '--json'])).stdout) as Document

  await show('diagnose')
  // Each host is broken in its own way, so each is a change group with a canary of its own; all three may go at once.
  await show('plan', '--for-findings', '--watch', watchS, '--groups', '3', '--reason', 'web hosts answer 502')
  const { runs } = await ask<{ readonly runs: readonly { readonly id: string }[] }>('runs', 'list')
  const id = runs[0]?.id ?? ''
  const { run } = await ask<RunView>('runs', 'show', id)
  if (!run.manifest) throw new Error(`There was nothing to approve: the run is ${run.state}.`)
  const consent = asksAtTerminal ? [] : ['--yes']
  await show('approve', id, '--digest', manifestDigest(run.manifest), '--key', fleet.key, ...consent)
  await show('apply', id)
  return ask<RunView>('runs', 'show', id)
}
