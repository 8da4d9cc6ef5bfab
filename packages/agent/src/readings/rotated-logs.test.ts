import { expect, test } from 'vitest'
import { rotatedLogs } from './rotated-logs.ts'

test.each([
  {
    what: 'by number',
    names: ['error.log', 'error.log.1', 'error.log.10.gz', 'error.log.2.gz', 'error.log.3.gz'],
    rotated: ['error.log.1', 'error.log.2.gz', 'error.log.3.gz', 'error.log.10.gz'],
  },
  {
    what: 'by date',
    names: ['error.log-20261119.gz', 'error.log-20261121', 'error.log', 'error.log-20261120.gz'],
    rotated: ['error.log-20261121', 'error.log-20261120.gz', 'error.log-20261119.gz'],
  },
  {
    what: 'by the hour, by seconds, with dashes',
    names: ['error.log-2026112109', 'error.log-2026112110', 'error.log-2026-11-20', 'error.log-1795220000.gz'],
    rotated: ['error.log-2026112110', 'error.log-2026112109', 'error.log-2026-11-20', 'error.log-1795220000.gz'],
  },
  {
    what: 'and nothing else',
    names: [
      'error.log',
      'error.log.bak',
      'error.log~',
      'error.log.1.txt.sh',
      'error.logs.1',
      'my-error.log.1',
      'error.log.1/../x',
      'error.log.old',
    ],
    rotated: [],
  },
  {
    what: 'packed by other programs',
    names: ['error.log.1.xz', 'error.log.2.zst'],
    rotated: ['error.log.1.xz', 'error.log.2.zst'],
  },
])('rotated $what, the newest first', ({ names, rotated }) => {
  expect(rotatedLogs('error.log', names)).toEqual(rotated)
})
