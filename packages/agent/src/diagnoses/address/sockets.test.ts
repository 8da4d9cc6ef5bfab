import { describe, expect, test } from 'vitest'
import { sampleStep, sampleWay, sampleWorkerAccount } from '../../survey/sample-addresses.ts'
import { sampleConfig, sampleDownFpm, sampleFacts, sampleFpm, samplePoolText } from '../../survey/sample-facts.ts'
import { diagnose } from '../diagnose.ts'
import { failing, socket } from '../../survey/sample-unreached.ts'
import { finding, told } from './sample-told.ts'

describe('socket-missing', () => {
  test('the kernel lists it, the path is gone: a restart, not a reload', () => {
    const facts = failing(socket, 'ENOENT')
    expect(told(facts)).toEqual(['cause socket-missing'])
    expect(finding(facts)).toMatchObject({
      subject: { kind: 'pool', name: 'php8.2-fpm/www' },
      remediations: [{ id: 'recreate-socket', input: { pool: 'php8.2-fpm/www' } }],
    })
  })

  test('a socket that is there again when it is looked for was being restarted', () => {
    expect(told(failing(socket, 'ENOENT', { way: { missing: null } }))).toEqual([])
  })

  test('the folder is gone, too: that first, or FPM will not start', () => {
    const facts = failing(socket, 'ENOENT', { way: { missing: '/run/php' } })
    expect(finding(facts)?.withoutRemediation).toContain('systemd-tmpfiles --create')
  })
})

describe('socket-stale', () => {
  const last = (path: string, changes: object) => {
    const { steps } = sampleWay(path)
    return { steps: [...steps.slice(0, -1), sampleStep(path, { kind: 'socket', mode: 0o660, ...changes })] }
  }

  test('a plain file over the socket of an FPM that runs', () => {
    const facts = failing(socket, 'ECONNREFUSED', { way: last('/run/php/php8.2-fpm.sock', { kind: 'file' }) })
    expect(told(facts)).toEqual(['cause socket-stale'])
    expect(finding(facts)).toMatchObject({
      subject: { kind: 'pool', name: 'php8.2-fpm/www' },
      says: expect.stringContaining('is a plain file that is not the one php8.2-fpm listens on'),
    })
  })

  test('a left-over socket that no FPM of this host claims', () => {
    const facts = failing('unix:/run/php/php7.4-fpm.sock', 'ECONNREFUSED')
    expect(finding(facts)).toMatchObject({
      diagnosis: 'socket-stale',
      subject: { kind: 'site' },
      remediations: [{ id: 'align-upstream', input: { site: 'shop.example', pool: 'php8.2-fpm/www' } }],
    })
  })

  test('the file that a crash left behind is no fault of its own', () => {
    const crashed = { activeState: 'failed', subState: 'failed', result: 'signal', execMainCode: 2, execMainStatus: 9 }
    expect(told(failing(socket, 'ECONNREFUSED', { fpm: [sampleDownFpm(crashed)] }))).toEqual([])
  })
})

describe('socket-denied', () => {
  const steps = (changes: object) => ({
    steps: sampleWay('/run/php/php8.2-fpm.sock').steps.map((step) =>
      step.kind === 'socket' ? { ...step, uid: 0, gid: 0, owner: 'root', group: 'root', ...changes } : step,
    ),
  })

  test('the socket is root’s', () => {
    const facts = failing(socket, 'EACCES', { way: steps({}) })
    expect(finding(facts)).toMatchObject({
      diagnosis: 'socket-denied',
      says: expect.stringContaining(
        'nginx (www-data) may not connect to /run/php/php8.2-fpm.sock, which is root:root 0660: others may not',
      ),
      remediations: [{ id: 'fix-socket-access', input: { pool: 'php8.2-fpm/www' } }],
    })
  })

  test('the very folder that denies, with the socket as it should be', () => {
    const way = sampleWay('/run/php/php8.2-fpm.sock')
    const closed = way.steps.map((step) => (step.path === '/run/php' ? { ...step, mode: 0o700 } : step))
    const facts = failing(socket, 'EACCES', { way: { steps: closed } })
    expect(finding(facts)).toMatchObject({
      says: expect.stringContaining('may not enter /run/php, which is root:root 0700'),
      remediations: [{ id: 'fix-socket-access' }],
    })
  })

  test('without access control lists only a single name that denies is named', () => {
    const { steps: way } = sampleWay('/run/php/php8.2-fpm.sock')
    const closed = (paths: readonly string[]) =>
      way.map((step) => (paths.includes(step.path) ? { ...step, mode: 0o700 } : step))
    const unread = (paths: readonly string[]) =>
      failing(socket, 'EACCES', { way: { hasReadAcls: false, steps: closed(paths) } })
    expect(told(unread(['/run/php']))).toEqual(['cause socket-denied'])
    expect(told(unread(['/run', '/run/php']))).toEqual([])
  })

  test('a group that the running worker has not learned of: nginx is reloaded', () => {
    const worker = sampleWorkerAccount({ newGroups: [998] })
    const facts = failing(socket, 'EACCES', { way: steps({ gid: 998, group: 'php' }), worker })
    expect(finding(facts)?.remediations).toEqual([{ id: 'reload-nginx', input: {} }])
  })

  test.each([
    { is: 'root’s', pool: 'listen.owner = root\nlisten.group = root\n', socket: 'root:root 0660' },
    { is: 'root’s where nothing is said', pool: '', socket: 'root:root 0660' },
    { is: 'read-only', pool: 'listen.owner = www-data\nlisten.mode = 0440\n', socket: 'www-data:? 0440' },
    {
      is: 'for the users of a list',
      pool: 'listen.acl_users = apache,deploy\n',
      socket: "root's, with an ACL for apache, deploy only",
    },
    { is: 'nginx’s by its group', pool: 'listen.group = www-data\n', socket: null },
    { is: 'for everybody', pool: 'listen.mode = 0666\n', socket: null },
    { is: 'nginx’s by a list', pool: 'listen.acl_groups = www-data\n', socket: null },
    { is: 'of a group that cannot be told', pool: 'listen.owner = deploy\n', socket: null },
  ])('it answers, and after a restart it would be $is', ({ pool, socket: expected }) => {
    const text = samplePoolText.replace(/^listen\.(owner|group) = .*\n/gm, '') + pool
    const facts = sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig({ pool: text }) } })] })
    const risk = diagnose(facts).findings.find(({ diagnosis }) => diagnosis === 'socket-denied')
    expect(risk?.says.replace(/^.*: it would be /, '').replace(/\.$/, '') ?? null).toBe(expected)
    expect(risk?.role ?? 'risk').toBe('risk')
  })

  test('where modes and lists let it through, a security module is for others to find', () => {
    expect(told(failing(socket, 'EACCES'))).toEqual([])
  })
})
