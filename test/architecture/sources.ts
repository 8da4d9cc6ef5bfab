/** The files that the architecture tests look at, as text. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Source {
  /** From the root of the repository: `packages/agent/src/main.ts`. */
  readonly path: string
  readonly text: string
  /** A test, or what only tests can use. */
  readonly isTest: boolean
}

const skipped = /(^|\/)(node_modules|dist|cases|coverage|\.[^/]+)(\/|$)/

const forTests = /^import .* from '(vitest|fast-check|@fast-check\/vitest)'/m

/** Every TypeScript file below these folders. */
export function sourcesIn(...folders: readonly string[]): readonly Source[] {
  return filesIn(folders, '.ts').map(({ path, text }) => ({
    path,
    text,
    isTest: path.endsWith('.test.ts') || forTests.test(text),
  }))
}

/** What runs: tests and what only tests use left out. */
export function productSources(): readonly Source[] {
  return sourcesIn('packages').filter(({ path, isTest }) => /^packages\/[^/]+\/src\//.test(path) && !isTest)
}

/** Every page of documentation. */
export function pages(): readonly { readonly path: string; readonly text: string }[] {
  return filesIn(['.'], '.md')
}

export interface Import {
  /** As written: `node:fs`, `../readings/bytes.ts`. */
  readonly from: string
  readonly typeOnly: boolean
}

const statement =
  /^(?:import|export)\s+(type\s+)?(?:[\w$*,\s]*?(?:\{[^}]*\})?\s*from\s*)?'([^']+)'|\bimport\('([^']+)'\)/gm

export function importsOf({ text }: Source): readonly Import[] {
  return [...text.matchAll(statement)].map((match) => ({
    from: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }))
}

/** Where a relative import leads, from the root of the repository; packages stay as they are. */
export function resolved({ path }: Source, from: string): string {
  return from.startsWith('.') ? join(dirname(path), from) : from
}

function filesIn(
  folders: readonly string[],
  ending: string,
): readonly { readonly path: string; readonly text: string }[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (skipped.test(path)) return []
      if (entry.isDirectory()) return filesIn([path], ending)
      return path.endsWith(ending) ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : []
    }),
  )
}
