/** Turns a question into the one program and argv that answers it. What is not here cannot be run. */
import type { Question, Read, ToolOutput } from './host.ts'
import { runInNamespace } from './private-namespace.ts'
import { runTool } from './run-tool.ts'
import type { Self } from './self.ts'

const limitMs = 10_000
/** Where FPM and nginx open logs, pid files and temporary folders while they test a configuration. */
const fpmWrites = ['/var/log']
const nginxWrites = ['/var/log', '/var/lib/nginx', '/run']

export function answerQuestion(question: Question, self: Self): Promise<Read<ToolOutput>> {
  switch (question.tool) {
    case 'unit-properties':
      return runTool({
        program: 'systemctl',
        args: [
          'show',
          '--timestamp=unix',
          `--property=${question.properties.join(',')}`,
          '--',
          ...question.services.map(unitName),
        ],
        limitMs,
      })
    case 'unit-files':
      return runTool({
        program: 'systemctl',
        args: ['list-unit-files', '--output=json', '--no-pager', '--', ...question.patterns],
        limitMs,
      })
    case 'unit-journal':
      return runTool({
        program: 'journalctl',
        args: [
          '--output=json',
          '--no-pager',
          `--unit=${unitName(question.service)}`,
          `--lines=${question.lines}`,
          ...(question.sinceMs === undefined ? [] : [`--since=@${Math.floor(question.sinceMs / 1000)}`]),
        ],
        limitMs,
      })
    case 'unix-listeners':
      return runTool({ program: 'ss', args: ['-H', '-x', '-l', '-n', '-p'], limitMs })
    case 'tcp-listeners':
      return runTool({ program: 'ss', args: ['-H', '-t', '-l', '-n', '-p'], limitMs })
    case 'fpm-config-test':
      return runInNamespace(
        self,
        question.binary,
        ['-F', '-O', '-t', '-y', question.config],
        question.planned,
        fpmWrites,
        limitMs,
      )
    case 'fpm-config-dump':
      return runInNamespace(
        self,
        question.binary,
        ['-F', '-O', '-tt', '-y', question.config],
        question.planned,
        fpmWrites,
        limitMs,
      )
    case 'unit-verify':
      return runInNamespace(
        self,
        'systemd-analyze',
        ['verify', '--man=no', unitName(question.service)],
        question.planned,
        [],
        limitMs,
      )
    case 'nginx-dump':
      return runInNamespace(self, question.binary, ['-T'], new Map(), nginxWrites, limitMs)
  }
}

function unitName(service: string): string {
  return `${service}.service`
}
