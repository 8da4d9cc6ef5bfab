/**
 * Gives a pure configuration reading the files it asks for. The reading is run again with what was fetched until it
 * asks for nothing new, so that it can stay a plain function of texts.
 */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { glob } from './glob.ts'

type FileText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly says: string }

export interface ConfigSources {
  readonly read: (path: string) => FileText
  readonly glob: (pattern: string) => readonly string[]
}

/** One configuration file may be this big; real ones are some kilobytes. */
const limitBytes = 1024 * 1024
/** Includes nest five deep in FPM and little more in nginx; each round fetches one level. */
const maxRounds = 32

export async function readWithFiles<T>(host: ReadHost, reading: (sources: ConfigSources) => T): Promise<T> {
  const texts = new Map<string, FileText>()
  const matches = new Map<string, readonly string[]>()
  for (let round = 0; ; round++) {
    const wantedTexts = new Set<string>()
    const wantedMatches = new Set<string>()
    const value = reading({
      read: (path) => texts.get(path) ?? want(wantedTexts, path, { ok: false, says: 'not read yet' }),
      glob: (pattern) => matches.get(pattern) ?? want(wantedMatches, pattern, []),
    })
    if ((wantedTexts.size === 0 && wantedMatches.size === 0) || round === maxRounds) return value
    await Promise.all([
      ...[...wantedTexts].map(async (path) => texts.set(path, await readText(host, path))),
      ...[...wantedMatches].map(async (pattern) => matches.set(pattern, await glob(host, pattern))),
    ])
  }
}

function want<T>(wanted: Set<string>, name: string, meanwhile: T): T {
  wanted.add(name)
  return meanwhile
}

async function readText(host: ReadHost, path: string): Promise<FileText> {
  const bytes = await host.readFile(path, limitBytes)
  return bytes.ok ? { ok: true, text: textOf(bytes.value) } : { ok: false, says: bytes.says }
}
