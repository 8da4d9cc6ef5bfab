/** Bytes that nobody meant to be a log are read in time that grows with their number, and never throw. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFpmLog } from './fpm-log.ts'
import { readFpmSlowLog } from './fpm-slow-log.ts'
import { accessStamps, firstStamp, fpmStamps, nginxErrorStamps } from './log-stamps.ts'
import { readAccessLog } from './nginx-access-log.ts'
import { readNginxErrorLog } from './nginx-error-log.ts'

const readings: Readonly<Record<string, { readonly read: (text: string) => unknown; readonly begin: string }>> = {
  "nginx's error log": { read: readNginxErrorLog, begin: '2026/11/21 03:00:00 [error] 51#51: *7 ' },
  'an access log': { read: (text) => readAccessLog(text).entries, begin: '10.0.0.9 - ' },
  "FPM's log": { read: readFpmLog, begin: '[21-Nov-2026 03:00:00] WARNING: ' },
  'a slow log': { read: readFpmSlowLog, begin: '[21-Nov-2026 03:00:00]  [pool www] pid 7\nscript_filename = ' },
  'the search for a time': {
    read: (text) => [nginxErrorStamps, accessStamps, fpmStamps].map((stamps) => firstStamp(stamps, text)),
    begin: '2026/11/21 ',
  },
}

/** Beginnings of what is looked for, and so what a search would begin with again and again. */
const pieces = [
  ...[' while ', ' while connecting to upstream', ', client: ', ', server: ', ', request: "', ', upstream: "', '" '],
  ...[
    '(1: ',
    ' in /',
    ':1',
    'FastCGI sent in stderr: "',
    'PHP message: ',
    ' [21/Nov/2026:03:00:00 +0000] "',
    '\\"',
    '[',
  ],
  ...[
    '[pool www] child 7',
    ' exited on signal 9 (',
    "script '",
    'execution timed out (',
    '1.',
    '[0x0',
    '\0',
    ' ',
    '\n',
    'x',
  ],
  ...['2026/11/21 03:00:00 [error] 51#51: ', '[21-Nov-2026 03:00:00] WARNING: ', '\n2026/11/21 03:00:00 [', '\xff'],
]

describe.each(Object.entries(readings))('%s', (_, { read, begin }) => {
  test('may hold any bytes', () => {
    const words = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...pieces, begin))
    fc.assert(
      fc.property(fc.array(words, { maxLength: 40 }), (parts) => {
        expect(read(parts.join(''))).toBeInstanceOf(Array)
      }),
    )
  })

  test.each(pieces)('may hold a megabyte of %j', (piece) => {
    const much = piece.repeat(Math.ceil((1024 * 1024) / piece.length))
    expect(read(begin + much)).toBeInstanceOf(Array)
    expect(read(`${begin}${much}\n${begin}"${much}`)).toBeInstanceOf(Array)
  })
})
