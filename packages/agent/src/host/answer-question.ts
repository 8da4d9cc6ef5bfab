/** Turns a question into the one program and argv that answers it. What is not here cannot be run. */
import type { Question, Read, ToolOutput } from './host.ts'
import { runInNamespace } from './private-namespace.ts'
import { runTool } from './run-tool.ts'
import type { Self } from './self.ts'

const limitMs = 10_000
/** Where FPM and nginx open logs, pid files and temporary folders while they test a configuration. */
const fpmWrites = ['/var/log']
const nginxWrites = ['/var/log', '/var/lib/nginx', '/run']
/** Where it makes what is not there yet; what is there, such as certificates, it must still find. */
const nginxMakes = ['/var/lib/nginx', '/run']
const adminJournalLines = 2000
/** `+` is "or"; the fields are journald's own (`readings/admin-journal.ts` knows them). */
const adminMatches = [
  ...['_EXE=/usr/bin/sudo', '+', '_EXE=/usr/sbin/sshd', '+', '_EXE=/usr/lib/openssh/sshd-session', '+'],
  ...['_EXE=/usr/libexec/openssh/sshd-session', '+', '_SYSTEMD_UNIT=cron.service', '_UID=0', '+'],
  ...['_SYSTEMD_UNIT=crond.service', '_UID=0'],
]

export function answerQuestion(question: Question, self: Self): Promise<Read<ToolOutput>> {
  switch (question.tool) {
    case 'unit-properties':
      return runTool({
        program: 'systemctl',
        args: ['show', `--property=${question.properties.join(',')}`, '--', ...question.services.map(unitName)],
        limitMs,
      })
    case 'unit-files':
      return runTool({
        program: 'systemctl',
        args: ['list-unit-files', '--output=json', '--no-pager', '--', ...question.patterns],
        limitMs,
      })
    case 'file-acls':
      return runTool({ program: 'getfacl', args: ['--absolute-names', '--numeric', '--', ...question.paths], limitMs })
    case 'unit-journal':
      return runTool({
        program: 'journalctl',
        args: [
          '--output=json',
          '--no-pager',
          `--unit=${unitName(question.service)}`,
          '--boot',
          `--lines=${question.lines}`,
          ...(question.sinceMs === undefined ? [] : [`--since=@${Math.floor(question.sinceMs / 1000)}`]),
        ],
        limitMs,
      })
    case 'kernel-journal':
      return runTool({
        program: 'journalctl',
        args: ['--dmesg', '--output=json', '--no-pager', `--lines=${question.lines}`],
        limitMs,
      })
    case 'disk-space':
      return runTool({
        program: 'df',
        args: ['--block-size=1', '--output=size,avail,itotal,iavail,target,file', '--', ...question.paths],
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
    case 'nginx-config-test':
      return runInNamespace(
        self,
        question.binary,
        ['-t', '-q', ...(question.config === null ? [] : ['-c', question.config])],
        new Map(),
        ['/var/log'],
        limitMs,
        nginxMakes,
      )
    case 'admin-journal':
      return runTool({
        program: 'journalctl',
        args: [
          '--output=json',
          '--no-pager',
          `--lines=${adminJournalLines}`,
          `--since=@${Math.floor(question.sinceMs / 1000)}`,
          ...adminMatches,
        ],
        limitMs,
      })
    case 'nginx-dump':
      return runInNamespace(self, question.binary, ['-T'], new Map(), nginxWrites, limitMs)
  }
}

function unitName(service: string): string {
  return `${service}.service`
}
