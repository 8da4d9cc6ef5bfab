import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readApprovers } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasSshKeygen } from '../../../shared/test/ssh-keygen.ts'
import { agentWith } from '../../test/real-ssh-agent.ts'
import { chooseKey, type KeyWanted } from './choose-key.ts'

const namespace = 'fleetmend-approval@v1'

describe.skipIf(!hasSshKeygen)('with real keys', () => {
  let home = ''
  const file = (name: string): string => join(home, '.ssh', name)
  const publicKey = (name: string): string => readFileSync(`${file(name)}.pub`, 'utf8')
  const fingerprint = (name: string): string => readApprovers(`x ${publicKey(name)}`).approvers[0]!.fingerprint
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'fleetmend-home-'))
    mkdirSync(join(home, '.ssh'))
    for (const name of ['id_ed25519', 'id_ecdsa', 'work', 'spare'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)])
  })
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  const choose = (wanted: Partial<KeyWanted> & { readonly lines?: string; readonly agent?: string } = {}) =>
    chooseKey({
      named: undefined,
      approvers: readApprovers(wanted.lines ?? '').approvers,
      namespace,
      environment: { HOME: home, ...(wanted.agent === undefined ? {} : { SSH_AUTH_SOCK: wanted.agent }) },
      ...wanted,
    })

  test('a file that is named is taken, whatever else there is', async () => {
    expect(await choose({ named: file('work') })).toEqual({ ok: true, signer: { kind: 'file', path: file('work') } })
  })

  test('of the keys in the agent the one of an approver is taken, by itself, by fingerprint, or by name', async () => {
    await using agent = await agentWith(file('spare'), file('work'))
    const lines = `olivia ${publicKey('work')}`
    const work = { ok: true, signer: { kind: 'agent', key: { fingerprint: fingerprint('work'), comment: 'work' } } }
    for (const named of [undefined, fingerprint('work'), 'olivia'])
      expect(await choose({ named, lines, agent: agent.socketPath })).toMatchObject(work)
    expect(await choose({ named: fingerprint('spare'), lines, agent: agent.socketPath })).toMatchObject({
      ok: true,
      signer: { key: { comment: 'spare' } },
    })
  })

  test('where several would do, they are listed, and none is taken', async () => {
    await using agent = await agentWith(file('spare'), file('work'))
    const lines = `olivia ${publicKey('work')}olivia ${publicKey('spare')}`
    const chosen = await choose({ lines, agent: agent.socketPath })
    expect(chosen).toMatchObject({ ok: false, problem: { code: 'cannot-sign' } })
    for (const name of ['work', 'spare'])
      expect(!chosen.ok && chosen.problem.detail).toContain(`    --key ${fingerprint(name)}  ${name}`)
  })

  test('a key that may sign something else alone is not taken for this', async () => {
    await using agent = await agentWith(file('work'))
    const lines = `olivia namespaces="fleetmend-grant@v1" ${publicKey('work')}`
    expect(await choose({ lines, agent: agent.socketPath })).toMatchObject({ signer: { kind: 'file' } })
  })

  test('without an agent it is the file of an approver where ssh looks, else the first there', async () => {
    expect(await choose()).toEqual({ ok: true, signer: { kind: 'file', path: file('id_ed25519') } })
    expect(await choose({ lines: `olivia ${publicKey('id_ecdsa')}` })).toEqual({
      ok: true,
      signer: { kind: 'file', path: file('id_ecdsa') },
    })
  })

  test.each([
    { agent: false, says: 'There is no key olivia: no such file, and there is no ssh-agent.' },
    { agent: true, says: 'and your ssh-agent has none of that name. It has:\n    --key SHA256:' },
  ])('a name that means nothing is refused, with what there is: $says', async ({ agent: isThere, says }) => {
    await using agent = await agentWith(file('work'))
    const chosen = await choose({ named: 'olivia', ...(isThere ? { agent: agent.socketPath } : {}) })
    expect(!chosen.ok && chosen.problem.detail).toContain(says)
  })

  test.each(['.ssh', '.ssh/work/none'])('%s is no file, and so is a name that means nothing', async (path) => {
    expect(await choose({ named: join(home, path) })).toMatchObject({
      problem: { detail: expect.stringContaining('There is no key') },
    })
  })

  test('with nothing at all it says how to make a key', async () => {
    const chosen = await choose({ environment: { HOME: join(home, 'nobody') } })
    expect(!chosen.ok && chosen.problem.detail).toContain('ssh-keygen -t ed25519')
  })
})
