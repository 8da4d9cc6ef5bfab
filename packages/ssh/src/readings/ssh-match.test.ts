import { expect, test } from 'vitest'
import { matchConditions } from './ssh-match.ts'

const facts = { host: 'db.example.com', originalHost: 'db', user: 'ana', localUser: 'ben', tag: '', isFinal: false }

test.each([
  { line: 'host=db.*', matches: true },
  { line: '!originalhost=db', matches: false },
  { line: 'tagged prod', matches: false },
  { line: 'tagged prod', tag: 'prod', matches: true },
  { line: '!final host db.*', matches: true },
  { line: '!final host db.*', isFinal: true, matches: false },
  { line: 'final host db.*', isFinal: true, matches: true },
])('$line, with tag $tag, matches: $matches', ({ line, matches, ...more }) => {
  expect(matchConditions(line.split(' '), { ...facts, ...more })).toMatchObject({ ok: true, matches })
})

test.each([
  { line: 'final', wantsFinal: true },
  { line: 'host other final', wantsFinal: true },
  { line: '!final', wantsFinal: false },
  { line: 'canonical', wantsFinal: false },
])('$line wants a second pass: $wantsFinal', ({ line, wantsFinal }) => {
  expect(matchConditions(line.split(' '), facts)).toMatchObject({ ok: true, wantsFinal })
})

test.each([
  { line: 'exec x', unasked: ['Match exec'] },
  { line: '!exec x host db.*', unasked: ['Match exec'] },
  { line: 'localnetwork 10.0.0.0/8', unasked: ['Match localnetwork'] },
  { line: 'exec x host web-*', unasked: [] },
])('$line never matches, and leaves unasked: $unasked', ({ line, unasked }) => {
  expect(matchConditions(line.split(' '), facts)).toMatchObject({ ok: true, matches: false, unasked })
})
