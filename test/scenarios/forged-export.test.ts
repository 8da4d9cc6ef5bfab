/** An export that somebody changed: whatever they do to it is found, up to what they could not know that others had seen. */
import { createHash } from 'node:crypto'
import { canonicalBytes, exportVerifier, type Verification } from '@fleetmend/shared'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { repairedFleet, type RepairedFleet } from './repaired-fleet.ts'
import { fleetmend } from './terminal.ts'

let repaired: RepairedFleet
let whole: Buffer
let lines: readonly string[]

beforeAll(async () => {
  repaired = await repairedFleet()
  const { out } = await fleetmend(repaired.world, ['audit', 'export'])
  whole = Buffer.from(out)
  lines = out.trimEnd().split('\n')
}, 60_000)

afterAll(() => repaired[Symbol.asyncDispose]())

function verify(bytes: Uint8Array): Verification {
  const verifier = exportVerifier({ approvers: null })
  verifier.add(bytes)
  return verifier.end()
}

const isFound = ({ broken }: Verification): boolean => broken.length > 0

/** As somebody would who knows how the end is made. */
function withEnd(body: readonly string[]): Buffer {
  const text = body.map((line) => `${line}\n`).join('')
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  return Buffer.from(`${text}${canonicalBytes({ line: 'end', lines: body.length, digest }).toString('utf8')}\n`)
}

test('as it was exported it is whole', () => {
  expect(verify(whole).broken).toEqual([])
  expect(verify(withEnd(lines.slice(0, -1))).broken).toEqual([])
})

describe('found', () => {
  test('any byte that is another one', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(whole)
        changed[at] = (changed[at] ?? 0) ^ by
        return isFound(verify(changed))
      }),
      { numRuns: 120 },
    )
  })

  test('any byte that is gone, and any piece that was cut off', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (at) => {
        const without = Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)])
        return isFound(verify(without)) && isFound(verify(whole.subarray(0, at)))
      }),
      { numRuns: 60 },
    )
  })

  test('any two lines that changed places, even with an end that fits', () => {
    const places = fc.uniqueArray(fc.nat(lines.length - 2), { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(places, ([one = 0, other = 0]) => {
        const body = [...lines.slice(0, -1)]
        ;[body[one], body[other]] = [body[other] ?? '', body[one] ?? '']
        return isFound(verify(withEnd(body)))
      }),
      { numRuns: 80 },
    )
  })

  test('any line that stands there twice, even with an end that fits', () => {
    fc.assert(
      fc.property(fc.nat(lines.length - 2), fc.nat(lines.length - 2), (from, to) => {
        const body = [...lines.slice(0, -1)]
        body.splice(to, 0, body[from] ?? '')
        return isFound(verify(withEnd(body)))
      }),
      { numRuns: 80 },
    )
  })

  test('any line that is missing, even with an end that fits; of a host’s oldest records it is said that they are missing', () => {
    const unfound: (string | undefined)[] = []
    for (let at = 0; at < lines.length - 1; at++) {
      const verification = verify(withEnd(lines.slice(0, -1).toSpliced(at, 1)))
      const isToldOf = verification.cannotTell.some((says) => says.includes('is not in this audit'))
      expect(isFound(verification) || isToldOf, lines[at]).toBe(true)
      if (!isFound(verification)) unfound.push(lines[at])
    }
    expect(unfound).toHaveLength(2)
    expect(unfound.every((line) => line?.includes('"line":"host-record"') && line.includes('"sequence":1}}'))).toBe(
      true,
    )
  })

  test('any word that is another one in what others have seen, even with an end that fits', () => {
    const seen = lines.slice(1, -1).filter((line) => !isUnseen(line))
    fc.assert(
      fc.property(fc.constantFrom(...seen), fc.nat(), (line, which) => {
        const words = [...line.matchAll(/:"([^"\\]+)"/g)]
        const word = words[which % words.length]
        if (!word) return true
        const at = word.index + 2
        const old = word[1] ?? ''
        const changed = `${line.slice(0, at)}${old.slice(0, -1)}${old.endsWith('0') ? '1' : '0'}${line.slice(at + old.length)}`
        const body = lines.slice(0, -1).map((each) => (each === line ? changed : each))
        return isFound(verify(withEnd(body)))
      }),
      { numRuns: 120 },
    )
  })
})

test('what is broken is not said to be proved', () => {
  const proved = (body: readonly string[]): string => verify(withEnd(body)).proved.join('\n')
  const body = lines.slice(0, -1)
  const without = (what: RegExp): readonly string[] =>
    body.toSpliced(
      body.findIndex((line) => what.test(line)),
      1,
    )
  expect(proved(body)).toMatch(/The controller's record: [^]*web-1: [^]*web-2: /)
  expect(proved(without(/"line":"controller".*"sequence":3\}\}$/))).not.toContain("The controller's record")
  const withoutOne = proved(without(/"host":"web-1","line":"host-record".*"sequence":3\}\}$/))
  expect(withoutOne).not.toContain('web-1: ')
  expect(withoutOne).toContain('web-2: ')
})

describe('whatever is given to it, it answers', () => {
  test('arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => isFound(verify(bytes))),
      { numRuns: 300 },
    )
  })

  test('arbitrary lines between its own, in arbitrary pieces', () => {
    const odd = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom('{"__proto__":{}}', '[]', 'null', '{"line":"end"}', `${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    )
    fc.assert(
      fc.property(fc.nat(lines.length - 1), odd, fc.integer({ min: 1, max: 5000 }), (at, text, size) => {
        const bytes = Buffer.from(`${lines.toSpliced(at, 0, text).join('\n')}\n`)
        const verifier = exportVerifier({ approvers: null })
        for (let from = 0; from < bytes.length; from += size) verifier.add(bytes.subarray(from, from + size))
        return isFound(verifier.end())
      }),
      { numRuns: 80 },
    )
  })
})

/** Of the controller's record, what came after a host was last shown where it stands: nobody else has seen it yet. */
function isUnseen(line: string): boolean {
  const witnessed = [...whole.toString('utf8').matchAll(/"sequence":(\d+),"type":"controller-head"/g)]
  const newest = Math.max(...witnessed.map(([, sequence]) => Number(sequence)))
  const mine = /^\{"line":"controller".*"sequence":(\d+)\}\}$/.exec(line)
  return mine !== null && Number(mine[1]) > newest
}
