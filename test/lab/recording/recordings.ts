/**
 * Records of hosts as people read and edit them: `fixtures/hosts/NAME/answers.json` has one answer a line, `files/` the files
 * under their own paths, `found.json` what was found on the host itself when it was recorded.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HostDiagnosis } from '@fleetmend/shared'
import type { HostRecord } from '../../../packages/agent/src/survey/recorded-host.ts'

const folder = fileURLToPath(new URL('../../../fixtures/hosts/', import.meta.url))

/** What a diagnosis comes to, without the words that may be mended. */
export interface Found {
  readonly findings: readonly { readonly diagnosis: string; readonly role: string; readonly subject: string }[]
  readonly couldNotTell: readonly string[]
}

export function foundBy({ findings, couldNotTell }: HostDiagnosis): Found {
  return {
    findings: findings.map(({ diagnosis, role, subject }) => ({ diagnosis, role, subject: subject.name })),
    couldNotTell: couldNotTell.map(({ what }) => what),
  }
}

export function recordedNames(): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
}

export function readRecord(name: string): { readonly record: HostRecord; readonly found: Found } {
  const read = (file: string) => JSON.parse(readFileSync(join(folder, name, file), 'utf8')) as unknown
  const { host, takenAt, answers } = read('answers.json') as Answers
  return {
    record: {
      host,
      takenAtMs: Date.parse(takenAt),
      files: readTree(join(folder, name, 'files')),
      answers: new Map(Object.entries(answers).map(([asked, all]) => [asked, all.map(unfolded)])),
    },
    found: read('found.json') as Found,
  }
}

interface Answers {
  readonly host: string
  readonly takenAt: string
  readonly answers: Readonly<Record<string, readonly unknown[]>>
}

export function writeRecord(name: string, { host, takenAtMs, files, answers }: HostRecord, found: Found): void {
  rmSync(join(folder, name), { recursive: true, force: true })
  for (const [path, bytes] of files) {
    const target = join(folder, name, 'files', path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes)
  }
  const entries = [...answers].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const lines = entries.map(([asked, all]) => `    ${JSON.stringify(asked)}: [${all.map(shown).join(', ')}]`)
  const takenAt = new Date(takenAtMs).toISOString()
  const head = `  "host": ${JSON.stringify(host)},\n  "takenAt": ${JSON.stringify(takenAt)},`
  writeFileSync(join(folder, name, 'answers.json'), `{\n${head}\n  "answers": {\n${lines.join(',\n')}\n  }\n}\n`)
  writeFileSync(join(folder, name, 'found.json'), `${JSON.stringify(found, null, 2)}\n`)
}

/** What a program printed, and lists, have a line for each line and each element. */
function shown(answer: unknown): string {
  const value = (answer as { readonly value?: unknown } | null)?.value
  if (Array.isArray(value)) return `{"ok": true, "value": [\n${indented(value)}\n    ]}`
  if (!isOutput(value)) return JSON.stringify(answer)
  const { exitCode, stdout, stderr } = value
  const printed = (text: string) => (text === '' ? '[]' : `[\n${indented(text.split('\n'))}\n    ]`)
  return `{"ok": true, "value": {"exitCode": ${exitCode}, "stdout": ${printed(stdout)}, "stderr": ${printed(stderr)}}}`
}

function indented(values: readonly unknown[]): string {
  return values.map((value) => `      ${JSON.stringify(value)}`).join(',\n')
}

function unfolded(answer: unknown): unknown {
  const value = (answer as { readonly value?: unknown } | null)?.value
  if (!isOutput(value)) return answer
  const text = (printed: unknown) => (Array.isArray(printed) ? printed.join('\n') : printed)
  return { ok: true, value: { ...value, stdout: text(value.stdout), stderr: text(value.stderr) } }
}

function isOutput(value: unknown): value is { exitCode: number; stdout: string; stderr: string } {
  return typeof value === 'object' && value !== null && 'exitCode' in value && 'stdout' in value
}

function readTree(tree: string): ReadonlyMap<string, Uint8Array> {
  if (!existsSync(tree)) return new Map()
  const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name))
  return new Map(paths.map((path) => [path.slice(tree.length), readFileSync(path)]))
}
