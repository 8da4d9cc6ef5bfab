import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { answerQuestion } from './answer-question.ts'
import type { Question } from './host.ts'
import { namespaceCommand, type NamespaceSpec } from './private-namespace.ts'
import type { Self } from './self.ts'
import { amongStandIns, mayMakeNamespaces } from './stand-in-tools.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Questions that a program answers which is there as it is, and what the program is told. */
const direct: readonly { readonly question: Question; readonly told: string }[] = [
  {
    question: { tool: 'unit-properties', services: ['php8.2-fpm', '-H evil'], properties: ['ActiveState', 'MainPID'] },
    told: 'systemctl|show|--property=ActiveState,MainPID|--|php8.2-fpm.service|-H evil.service',
  },
  {
    question: { tool: 'unit-files', patterns: ['php*-fpm.service', '--now'] },
    told: 'systemctl|list-unit-files|--output=json|--no-pager|--|php*-fpm.service|--now',
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
  { question: { tool: 'unix-listeners' }, told: 'ss|-H|-x|-l|-n|-p' },
  { question: { tool: 'tcp-listeners' }, told: 'ss|-H|-t|-l|-n|-p' },
]

const tellsNameAndArguments = `#!${process.execPath}
console.log([process.argv[1].split('/').at(-1), ...process.argv.slice(2)].join('|'))
`

test.skipIf(!mayMakeNamespaces)(
  'each question is one program with these arguments; names are never options',
  async () => {
    const names = ['systemctl', 'journalctl', 'ss', 'df', 'getfacl']
    const tools = Object.fromEntries(names.map((name) => [name, tellsNameAndArguments]))
    const answers = await amongStandIns(
      tools,
      `import { answerQuestion } from '${import.meta.dirname}/answer-question.ts'
     const answers = ${JSON.stringify(direct.map(({ question }) => question))}
       .map((question) => answerQuestion(question, { program: 'false', args: [] }))
     export default await Promise.all(answers)`,
    )
    expect(answers).toEqual(
      direct.map(({ told }) => ({ ok: true, value: { exitCode: 0, stdout: `${told}\n`, stderr: '' } })),
    )
  },
)

/** Questions whose program would write while it answers, and what our own process in a private namespace is told. */
const planned = new Map([
  ['/etc/php/8.2/fpm/pool.d/www.conf', Buffer.from('[www]\n\u00FF', 'latin1')],
  ['/etc/php/8.2/fpm/pool.d/old.conf', null],
])
const plannedToo = [
  { path: '/etc/php/8.2/fpm/pool.d/www.conf', bytes: Buffer.from('[www]\n\u00FF', 'latin1').toString('base64') },
  { path: '/etc/php/8.2/fpm/pool.d/old.conf', bytes: null },
]
const binary = '/usr/sbin/php-fpm8.2'
const config = '/etc/php/8.2/fpm/php-fpm.conf'
const indirect: readonly { readonly question: Question; readonly spec: NamespaceSpec }[] = [
  {
    question: { tool: 'fpm-config-test', binary, config, planned },
    spec: { program: binary, args: ['-F', '-O', '-t', '-y', config], planned: plannedToo, shadowed: ['/var/log'] },
  },
  {
    question: { tool: 'fpm-config-dump', binary, config, planned: new Map() },
    spec: { program: binary, args: ['-F', '-O', '-tt', '-y', config], planned: [], shadowed: ['/var/log'] },
  },
  {
    question: { tool: 'unit-verify', service: 'php8.2-fpm', planned },
    spec: {
      program: 'systemd-analyze',
      args: ['verify', '--man=no', 'php8.2-fpm.service'],
      planned: plannedToo,
      shadowed: [],
    },
  },
  {
    question: { tool: 'nginx-config-test', binary: '/usr/sbin/nginx', config: '/opt/nginx.conf' },
    spec: {
      program: '/usr/sbin/nginx',
      args: ['-t', '-q', '-c', '/opt/nginx.conf'],
      planned: [],
      shadowed: ['/var/log'],
      layered: ['/var/lib/nginx', '/run'],
    },
  },
  {
    question: { tool: 'nginx-dump', binary: '/usr/sbin/nginx' },
    spec: {
      program: '/usr/sbin/nginx',
      args: ['-T'],
      planned: [],
      shadowed: ['/var/log', '/var/lib/nginx', '/run'],
    },
  },
]

describe.skipIf(!mayMakeNamespaces)('what would write while it answers', () => {
  test.each(indirect)('is left to our own process: $question.tool', async ({ question, spec }) => {
    await using folder = await temporaryFolder()
    await writeFile(
      folder.at('agent.mjs'),
      `import { readFileSync } from 'node:fs'
       console.log(JSON.stringify({ args: process.argv.slice(2), spec: JSON.parse(readFileSync(0, 'utf8')) }))`,
    )
    const self: Self = { program: process.execPath, args: [folder.at('agent.mjs'), 'own-argument'] }
    const answer = await answerQuestion(question, self)
    const told: unknown = answer.ok && JSON.parse(answer.value.stdout)
    expect(told).toEqual({ args: ['own-argument', namespaceCommand], spec })
  })
})
