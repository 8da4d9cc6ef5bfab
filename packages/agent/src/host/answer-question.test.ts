import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { answerQuestion } from './answer-question.ts'
import type { Question } from './host.ts'
import { privateNamespaces } from './private-namespace.ts'
import { amongStandIns, mayMakeNamespaces } from './stand-in-tools.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Questions that a program answers which is there as it is, and what the program is told. */
const direct: readonly { readonly question: Question; readonly told: string }[] = [
  {
    question: { tool: 'unit-properties', services: ['php8.2-fpm', '-H evil'], properties: ['ActiveState', 'MainPID'] },
    told: 'systemctl|show|--property=ActiveState,MainPID|--|php8.2-fpm.service|-H evil.service',
  },
  {
    question: { tool: 'unit-journal', service: 'nginx', lines: 50 },
    told: 'journalctl|--output=json|--no-pager|--unit=nginx.service|--boot|--lines=50',
  },
  {
    question: { tool: 'unit-journal', service: '--vacuum-size=1', lines: 1, sinceMs: 1_700_000_000_999 },
    told: 'journalctl|--output=json|--no-pager|--unit=--vacuum-size=1.service|--boot|--lines=1|--since=@1700000000',
  },
  {
    question: { tool: 'kernel-journal', lines: 20 },
    told: 'journalctl|--dmesg|--output=json|--no-pager|--lines=20',
  },
  {
    question: { tool: 'admin-journal', sinceMs: 1_700_000_000_999 },
    told:
      'journalctl|--output=json|--no-pager|--lines=2000|--since=@1700000000|_EXE=/usr/bin/sudo|+|_EXE=/usr/sbin/sshd' +
      '|+|_EXE=/usr/lib/openssh/sshd-session|+|_EXE=/usr/libexec/openssh/sshd-session' +
      '|+|_SYSTEMD_UNIT=cron.service|_UID=0|+|_SYSTEMD_UNIT=crond.service|_UID=0',
  },
  {
    question: { tool: 'disk-space', paths: ['/var/log', '-T'] },
    told: 'df|--block-size=1|--output=size,avail,itotal,iavail,target,file|--|/var/log|-T',
  },
  {
    question: { tool: 'file-acls', paths: ['/run/php', '--restore=x'] },
    told: 'getfacl|--absolute-names|--numeric|--|/run/php|--restore=x',
  },
  {
    question: { tool: 'denial-journal', sinceMs: 1_700_000_000_999 },
    told:
      'journalctl|--output=json|--no-pager|--lines=2000|--since=@1700000000|_TRANSPORT=audit|_AUDIT_TYPE=1400' +
      '|+|_TRANSPORT=kernel',
  },
  {
    question: { tool: 'wrong-labels', paths: ['/run/php', '-F'] },
    told: 'matchpathcon|-V|--|/run/php|-F',
  },
  { question: { tool: 'listeners' }, told: 'ss|-H|-x|-t|-l|-n|-p' },
]

const tellsNameAndArguments = `#!${process.execPath}
console.log([process.argv[1].split('/').at(-1), ...process.argv.slice(2)].join('|'))
`

test.skipIf(!mayMakeNamespaces)(
  'each question is one program with these arguments; names are never options',
  async () => {
    const names = ['systemctl', 'journalctl', 'ss', 'df', 'getfacl', 'matchpathcon']
    const tools = Object.fromEntries(names.map((name) => [name, tellsNameAndArguments]))
    const answers = await amongStandIns(
      tools,
      `import { answerQuestion } from '${import.meta.dirname}/answer-question.ts'
     const answers = ${JSON.stringify(direct.map(({ question }) => question))}
       .map((question) => answerQuestion(question, null))
     export default await Promise.all(answers)`,
    )
    expect(answers).toEqual(
      direct.map(({ told }) => ({ ok: true, value: { exitCode: 0, stdout: `${told}\n`, stderr: '' } })),
    )
  },
)

/** Questions whose program would write while it answers, and what it is told and finds replaced. */
const config = '/etc/php/8.2/fpm/php-fpm.conf'
const ownAll = ['/run', '/var/lib/nginx', '/var/log']
const indirect: readonly {
  readonly ask: (binary: string) => Question
  readonly told: string
  readonly own: unknown
}[] = [
  {
    ask: (binary) => ({ tool: 'fpm-config-test', binary, config, planned: new Map() }),
    told: `-F|-O|-t|-y|${config}`,
    own: ownAll,
  },
  {
    ask: (binary) => ({ tool: 'fpm-config-dump', binary, config, planned: new Map() }),
    told: `-F|-O|-tt|-y|${config}`,
    own: ownAll,
  },
  {
    ask: (binary) => ({ tool: 'nginx-config-test', binary, config: '/opt/nginx.conf', planned: new Map() }),
    told: '-t|-q|-c|/opt/nginx.conf',
    own: ownAll,
  },
  {
    ask: (binary) => ({ tool: 'nginx-config-test', binary, config: null, planned: new Map() }),
    told: '-t|-q',
    own: ownAll,
  },
  { ask: (binary) => ({ tool: 'nginx-dump', binary }), told: '-T', own: ownAll },
]

/** What it was told, and what is mounted where it is and not where it was started from. */
const tellsWhatItFinds = `#!${process.execPath}
const { readFileSync } = require('node:fs')
const mounts = (pid) => readFileSync('/proc/' + pid + '/mountinfo', 'latin1').split('\\n').map((line) => line.split(' ')[4])
const before = new Set(mounts(${process.pid}))
const own = ['/run', '/var/lib/nginx', '/var/log'].filter((path) => mounts('self').includes(path) && !before.has(path))
console.log(JSON.stringify({ told: process.argv.slice(2).join('|'), own }))
`

describe.skipIf(!mayMakeNamespaces)('a program that would write while it answers', () => {
  test.each(indirect)('has $own to itself, and is told $told', async ({ ask, told, own }) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('stand-in'), tellsWhatItFinds.replaceAll('\\\\', '\\'), { mode: 0o755 })
    const answer = await answerQuestion(ask(folder.at('stand-in')), privateNamespaces())
    expect(answer.ok ? JSON.parse(answer.value.stdout) : answer.says).toEqual({
      told,
      own: Array.isArray(own) && own.filter((path: string) => existsSync(path) && !isMounted(path)),
    })
  })

  test('is told the unit, and reads it as planned', async () => {
    await using folder = await temporaryFolder()
    const unit = folder.at('php8.2-fpm.service')
    await writeFile(unit, 'live')
    const tells = `#!${process.execPath}
console.log([...process.argv.slice(2), require('node:fs').readFileSync('${unit}')].join('|'))
`
    const answer = await amongStandIns(
      { 'systemd-analyze': tells },
      `import { answerQuestion } from '${import.meta.dirname}/answer-question.ts'
       const planned = new Map([['${unit}', Buffer.from('planned')]])
       import { privateNamespaces } from '${import.meta.dirname}/private-namespace.ts'
       export default await answerQuestion({ tool: 'unit-verify', service: 'php8.2-fpm', planned }, privateNamespaces())`,
    )
    const stdout = 'verify|--man=no|php8.2-fpm.service|planned\n'
    expect(answer).toEqual({ ok: true, value: { exitCode: 0, stdout, stderr: '' } })
  })
})

const mounted = readFileSync('/proc/self/mountinfo', 'latin1')

function isMounted(path: string): boolean {
  return mounted.includes(` ${path} `)
}
