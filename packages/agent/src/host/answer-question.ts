/** Turns a question into the one program and argv that answers it. What is not here cannot be run. */
import type { PlannedFiles, Question, Read, ToolOutput } from './host.ts'
import type { PrivateNamespaces } from './private-namespace.ts'
import { runTool } from './run-tool.ts'

const limitMs = 10_000
/**
 * Where FPM and nginx open logs, pid files and temporary folders while they only test a configuration. What is there in
 * the layered ones, such as certificates, they must still find.
 */
const testing = { shadowed: ['/var/log'], layered: ['/var/lib/nginx', '/run'] }
const nothingPlanned: PlannedFiles = new Map()
const adminJournalLines = 2000
/** `+` is "or"; the fields are journald's own (`readings/admin-journal.ts` knows them). */
const adminMatches = [
  ...['_EXE=/usr/bin/sudo', '+', '_EXE=/usr/sbin/sshd', '+', '_EXE=/usr/lib/openssh/sshd-session', '+'],
  ...['_EXE=/usr/libexec/openssh/sshd-session', '+', '_SYSTEMD_UNIT=cron.service', '_UID=0', '+'],
  ...['_SYSTEMD_UNIT=crond.service', '_UID=0'],
]
/** 1400 is AUDIT_AVC (`linux/audit.h`); without auditd the kernel prints its records, too. */
const denialMatches = ['_TRANSPORT=audit', '_AUDIT_TYPE=1400', '+', '_TRANSPORT=kernel']
const denialJournalLines = 2000

export function answerQuestion(question: Question, namespaces: PrivateNamespaces): Promise<Read<ToolOutput>> {
  switch (question.tool) {
    case 'unit-properties':
      return runTool({
        program: 'systemctl',
        args: ['show', `--property=${question.properties.join(',')}`, '--', ...question.services.map(unitName)],
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
    case 'denial-journal':
      return runTool({
        program: 'journalctl',
        args: [
          '--output=json',
          '--no-pager',
          `--lines=${denialJournalLines}`,
          `--since=@${Math.floor(question.sinceMs / 1000)}`,
          ...denialMatches,
        ],
        limitMs,
      })
    case 'wrong-labels':
      // Not `restorecon -n`: it runs in a domain of its own, which may not write to our pipes, and says nothing.
      return runTool({ program: 'matchpathcon', args: ['-V', '--', ...question.paths], limitMs })
    case 'disk-space':
      return runTool({
        program: 'df',
        args: ['--block-size=1', '--output=size,avail,itotal,iavail,target,file', '--', ...question.paths],
        limitMs,
      })
    case 'listeners':
      return runTool({ program: 'ss', args: ['-H', '-x', '-t', '-l', '-n', '-p'], limitMs })
    case 'fpm-config-test':
    case 'fpm-config-dump':
      return namespaces.run({
        program: question.binary,
        args: ['-F', '-O', question.tool === 'fpm-config-test' ? '-t' : '-tt', '-y', question.config],
        stage: { ...testing, planned: question.planned },
        ...(question.tool === 'fpm-config-test' && question.abridged ? { abridged: question.abridged } : {}),
        limitMs,
      })
    case 'unit-verify':
      return namespaces.run({
        program: 'systemd-analyze',
        args: ['verify', '--man=no', unitName(question.service)],
        stage: { planned: question.planned, shadowed: [], layered: [] },
        limitMs,
      })
    case 'nginx-config-test':
      return namespaces.run({
        program: question.binary,
        args: ['-t', '-q', ...(question.config === null ? [] : ['-c', question.config])],
        stage: { ...testing, planned: question.planned },
        limitMs,
      })
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
      return namespaces.run({
        program: question.binary,
        args: ['-T'],
        stage: { ...testing, planned: nothingPlanned },
        limitMs,
      })
  }
}

function unitName(service: string): string {
  return `${service}.service`
}
