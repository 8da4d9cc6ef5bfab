/** What lets nginx's worker connect again: the least that does, never more than 0660, and nothing that is not ours to open. */
import { describe, expect, test } from 'vitest'
import { readAcls } from '../readings/acl.ts'
import type { StepFacts } from '../survey/address-facts.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { sampleUnreached, sampleUpstream, sampleWay, sampleWorkerAccount } from '../survey/sample-addresses.ts'
import { sampleConfig, sampleFacts, sampleFpm, samplePoolFile, samplePoolText } from '../survey/sample-facts.ts'
import { fixSocketAccess } from './fix-socket-access.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const input = { pool: 'php8.2-fpm/www' } as const
const path = '/run/php/php8.2-fpm.sock'
const roots = { uid: 0, gid: 0, owner: 'root', group: 'root' } as const
const owned = 'listen.owner = www-data\nlisten.group = www-data\n'

/** nginx is kept out by a step on the way; the pool's file says `settings` of its socket. */
function denied(step: Partial<StepFacts> & { readonly at?: string }, settings = owned, way = {}): HostFacts {
  const { at = path, ...changes } = step
  const steps = sampleWay(path).steps.map((each) => (each.path === at ? { ...each, ...changes } : each))
  const config = { ok: true, value: sampleConfig({ pool: samplePoolText.replace(owned, settings) }) } as const
  return sampleFacts({
    fpm: [sampleFpm({ config })],
    upstreams: [sampleUnreached(`unix:${path}`, 'EACCES', { way: { ...sampleWay(path), steps, ...way } })],
  })
}

describe('the socket', () => {
  test.each([
    ['root owns it, and needs no permission', '', 'listen.owner = www-data\n'],
    [
      'another user keeps its place',
      'listen.owner = deploy\nlisten.group = deploy\n',
      'listen.owner = deploy\nlisten.group = www-data\n',
    ],
    [
      'a group may not write',
      'listen.owner = deploy\nlisten.group = deploy\nlisten.mode = 0600\n',
      'listen.owner = deploy\nlisten.group = www-data\nlisten.mode = 0660\n',
    ],
    ['its owner may not', `${owned}listen.mode = 0040\n`, `${owned}listen.mode = 0660\n`],
    ['a list is in force', 'listen.acl_users = deploy\n', 'listen.acl_users = deploy,www-data\n'],
    [
      'a list of groups is',
      'listen.acl_groups = deploy\n',
      'listen.acl_groups = deploy\nlisten.acl_users = www-data\n',
    ],
  ])('%s', (_, before, after) => {
    const facts = denied(roots, before)
    const drafted = fixSocketAccess.draft(facts, input)
    expect(filesAfter(facts, drafted)).toEqual({ [samplePoolFile]: samplePoolText.replace(owned, after) })
    expect(mustDraft(drafted)).toMatchObject({
      acts: [{ act: 'restart', service: 'php8.2-fpm', finishMs: 5000 }],
      checks: [{ when: 'planned' }, { when: 'live' }],
      clears: [{ diagnosis: 'socket-denied', subject: { kind: 'pool', name: input.pool } }],
    })
  })

  test('that somebody changed by hand is only made anew', () => {
    const drafted = mustDraft(fixSocketAccess.draft(denied(roots), input))
    expect(drafted).toMatchObject({ edits: [], acts: [{ act: 'restart' }] })
    expect(drafted.warnings.join(' ')).toMatch(/changed the socket by hand/)
  })

  test('that only fails after the next restart is mended without one', () => {
    const facts = { ...denied(roots, ''), nginx: { ...denied(roots, '').nginx, upstreams: [sampleUpstream()] } }
    const drafted = fixSocketAccess.draft(facts, input)
    expect(mustDraft(drafted).acts).toMatchObject([{ act: 'reload-fpm' }])
    expect(filesAfter(facts, drafted)[samplePoolFile]).toContain('listen.owner = www-data\n')
  })

  test('whose settings depend on variables is left to a person', () => {
    expect(fixSocketAccess.draft(denied(roots, 'listen.owner = ${OWNER}\n'), input)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('depends on variables') as string,
    })
  })
})

describe('the folders', () => {
  const folder = '/run/php'
  test.each([
    [{ mode: 0o700, ...roots }, '0700', '0701'],
    [{ mode: 0o740, ...roots, gid: 33, group: 'www-data' }, '0740', '0750'],
    [{ mode: 0o600, uid: 33, owner: 'www-data' }, '0600', '0700'],
  ])('%o gets the one bit that lets it pass', (state, before, after) => {
    const drafted = fixSocketAccess.draft(denied({ at: folder, ...state }), input)
    expect(mustDraft(drafted)).toMatchObject({
      besides: [{ of: 'directory', path: folder, before: { mode: before }, after: { mode: after } }],
      acts: [],
      disturbs: [],
    })
  })

  test('that its group may pass are left as they are', () => {
    const facts = denied({ at: folder, mode: 0o750, ...roots, gid: 33, group: 'www-data' })
    expect(fixSocketAccess.draft(facts, input)).toMatchObject({ kind: 'nothing-to-do' })
  })

  test('are all opened that deny', () => {
    const both = sampleWay(path).steps.map((step) =>
      step.path.startsWith('/run') && step.kind === 'directory' ? { ...step, mode: 0o700 } : step,
    )
    const drafted = mustDraft(fixSocketAccess.draft(denied({}, owned, { steps: both }), input))
    expect(drafted.besides?.map((each) => ('path' in each ? each.path : ''))).toEqual(['/run', folder])
  })

  test('with an access control list are left to a person, with the line', () => {
    const acl =
      readAcls('# file: /run/php\nuser::rwx\nuser:33:---\ngroup::r-x\nmask::r-x\nother::r-x\n').get(folder) ?? []
    expect(acl).not.toEqual([])
    expect(fixSocketAccess.draft(denied({ at: folder, acl }), input)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('setfacl -m u:www-data:x /run/php') as string,
    })
  })

  test('of a home are nobody’s to open', () => {
    const home = '/home/deploy/app.sock'
    const steps = sampleWay(home).steps.map((step) => (step.path === '/home/deploy' ? { ...step, mode: 0o700 } : step))
    const facts = denied({}, owned, { steps })
    expect(fixSocketAccess.draft(facts, input)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('/home/deploy is not for others to pass through') as string,
    })
  })
})

describe('who asks', () => {
  test('has the group since its workers started: nginx is reloaded instead', () => {
    const facts = denied({ ...roots, gid: 998, group: 'phpsock' })
    const nginx = { ...facts.nginx, worker: sampleWorkerAccount({ newGroups: [998] }) }
    expect(fixSocketAccess.draft({ ...facts, nginx }, input)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('reload-nginx') as string,
    })
  })

  test('gets in: nothing to do', () => {
    expect(fixSocketAccess.draft(sampleFacts(), input)).toMatchObject({ kind: 'nothing-to-do' })
  })

  test('is not known while nginx is down', () => {
    const facts = denied(roots)
    expect(fixSocketAccess.draft({ ...facts, nginx: { ...facts.nginx, worker: null } }, input)).toMatchObject({
      kind: 'refused',
    })
  })
})
