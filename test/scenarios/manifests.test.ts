/** `fleetmend diagnose --files`: files for containers as people write them, through the real command. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCodes, FilesDiagnosisDocument } from '@fleetmend/shared'
import { afterAll, expect, test } from 'vitest'
import { containersDiagnoses } from '../../packages/agent/src/diagnoses/containers/containers-diagnoses.ts'
import { goldenAnswer, manifestCases, manifestFiles } from './manifest-cases.ts'
import { fleetmend } from './terminal.ts'

/** Files are judged where they are: there is no controller. */
const nobody = { socket: '/nonexistent/fleetmend.sock' }
const scratch = mkdtempSync(join(tmpdir(), 'fleetmend-manifests-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const diagnose = (...args: readonly string[]) => fleetmend(nobody, ['diagnose', ...args])

test.each(manifestCases)('$id: $says', async ({ id, finds, cannotTell }) => {
  const files = manifestFiles(id)
  const { out, exitCode } = await diagnose('--json', '--files', ...files)
  const { findings, couldNotTell, status } = FilesDiagnosisDocument.parse(JSON.parse(out))
  expect(findings.map(({ role, diagnosis }) => `${role} ${diagnosis}`)).toEqual(finds)
  expect(exitCode).toBe(finds.length === 0 ? exitCodes.done : exitCodes.findings)
  expect(status).toBe(
    finds.some((each) => each.startsWith('cause')) ? 'failing' : finds.length > 0 ? 'at-risk' : 'healthy',
  )
  expect(couldNotTell.map(({ what }) => what).filter((what) => !cannotTell?.test(what))).toEqual([])
  expect(couldNotTell.length).toBe(cannotTell ? 1 : 0)
  await expect((await diagnose('--files', ...files)).out).toMatchFileSnapshot(`manifests/${id}/${goldenAnswer}`)
})

test('every folder of manifests is a case', () => {
  expect(readdirSync('test/scenarios/manifests').toSorted()).toEqual(manifestCases.map(({ id }) => id).toSorted())
})

test.each(containersDiagnoses)('the page of $id is printed without a controller', async ({ id, title }) => {
  const { out, exitCode } = await diagnose('--explain', id)
  expect([exitCode, out.split('\n')[0]]).toEqual([exitCodes.done, `# ${title}`])
})

const bomb = ['a: &a [x]', ...Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [*a${i || ''}, *a${i || ''}]`)]

test.each([
  {
    name: 'a template',
    text: 'kind: Pod\nmetadata: {{ .Values.meta }\n  x: {{ .y }}\n',
    says: /:3: .*render it first/,
  },
  { name: 'a key twice', text: 'kind: Pod\nspec: 1\nspec: 2\n', says: /:3: the key spec stands there twice/ },
  { name: 'an unknown anchor', text: 'kind: Pod\nspec: *nobody\n', says: /:2: .*nobody/ },
  { name: 'a circle', text: 'kind: &k\n  a: *k\n', says: /:2: an alias leads to what it is part of/ },
  { name: 'a depth', text: `a: ${'['.repeat(20_000)}`, says: /:1: / },
  { name: 'an open bracket', text: 'kind: Pod\nspec: {containers: [\n', says: /:\d: / },
  { name: 'two compose files at once', text: 'services: {a: {image: nginx}}', twice: true, says: /config/ },
])('$name is answered with the place and plain words', async ({ text, says, twice }) => {
  const names = ['one.yaml', ...(twice ? ['two.yaml'] : [])].map((name) => join(scratch, name))
  for (const name of names) writeFileSync(name, text)
  const { err, exitCode, out } = await diagnose('--files', ...names)
  expect({ out, exitCode }).toEqual({ out: '', exitCode: exitCodes.usage })
  expect(err).toMatch(says)
})

test.each([
  { name: 'a bomb of aliases', text: bomb.join('\n') },
  { name: 'very many keys', text: Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n') },
  { name: 'nothing', text: '' },
  { name: 'bytes', text: '\u0007\u0000\u001b[31m' },
  { name: 'values of Helm', text: 'image:\n  tag: "1"\n' },
])('$name is no clean bill', async ({ text }) => {
  const name = join(scratch, 'odd.yaml')
  writeFileSync(name, text)
  const { out, err } = await diagnose('--files', name)
  expect(`${out}${err}`).toMatch(/Could not tell|odd\.yaml:\d/)
  expect(`${out}${err}`).not.toContain('\u001b')
})

test('Windows line ends change nothing', async () => {
  const [file = ''] = manifestFiles('busy-pool-restarted')
  const name = join(scratch, 'crlf.yaml')
  writeFileSync(name, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'))
  const plain = await diagnose('--json', '--files', file)
  const { out } = await diagnose('--json', '--files', name)
  expect(out.replaceAll(name, file)).toBe(plain.out)
})

test.each([
  { name: 'gone.yaml', says: 'there is no such file' },
  { name: '.', says: 'it is a folder' },
])('$name: $says', async ({ name, says }) => {
  const { err, exitCode } = await diagnose('--files', join(scratch, name))
  expect([exitCode, err.includes(says)]).toEqual([exitCodes.usage, true])
})

test('a file that is too big is not read', async () => {
  const name = join(scratch, 'big.yaml')
  writeFileSync(name, ' '.repeat(4 * 1024 ** 2 + 1))
  const { err, exitCode } = await diagnose('--files', name)
  expect([exitCode, err.includes('are the most that are read')]).toEqual([exitCodes.usage, true])
})
