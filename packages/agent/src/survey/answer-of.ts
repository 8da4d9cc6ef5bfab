/** What a program of the host answered. One that failed and printed nothing gave no answer, and least of all "none". */
import type { Question, Read, ReadHost } from '../host/host.ts'

export async function answerOf(host: ReadHost, question: Question): Promise<Read<string>> {
  const output = await host.ask(question)
  if (!output.ok) return output
  const { exitCode, stdout, stderr } = output.value
  if (exitCode === 0 || stdout.trim() !== '') return { ok: true, value: stdout }
  const [first = ''] = stderr.trim().split('\n')
  return { ok: false, why: 'failed', says: first.slice(0, 500) || `${question.tool}: exit code ${exitCode}` }
}
