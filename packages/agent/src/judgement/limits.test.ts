import { describe, expect, test } from 'vitest'
import { sampleCapacity, sampleFacts, sampleFpm, samplePool } from '../survey/sample-facts.ts'
import { filesForConnections, isSystemdsToSet, nextConnections, nextFiles, nextTasks } from './limits.ts'

const nginx = sampleCapacity().nginx!
const processes = (limit: number, now: number, path = '/sys/fs/cgroup/system.slice/php8.2-fpm.service') =>
  sampleFacts({
    capacity: sampleCapacity({
      fpm: new Map([['php8.2-fpm', { memory: null, held: new Map(), processes: { limit, now, path } }]]),
    }),
  })

describe('nginx', () => {
  test.each([
    [10, 1024],
    [512, 2048],
    [768, 4096],
    [30_000, 65_536],
    [65_536, null],
  ])('%i connections become %s', (value, to) => {
    expect(nextConnections({ ...nginx, workerConnections: { value, setAt: null } })).toBe(to)
  })
  test.each([
    [1024, 4096],
    [4096, 16_384],
    [65_536, 262_144],
  ])('%i connections take %i files', (connections, files) => expect(filesForConnections(connections)).toBe(files))
  test('files are four times as many as there are, and enough for the connections', () => {
    expect(nextFiles({ ...nginx, openFiles: { limit: 16, now: 15 } })).toBe(8192)
    expect(nextFiles({ ...nginx, openFiles: { limit: 16_384, now: 15 } })).toBe(65_536)
    expect(nextFiles({ ...nginx, openFiles: { limit: 1_048_576, now: 15 } })).toBeNull()
  })
})

describe('processes of a unit', () => {
  test('as many as systemd usually gives, or twice the workers', () => {
    expect(nextTasks(processes(3, 3), sampleFpm())).toBe(4096)
    expect(nextTasks(processes(100, 100), sampleFpm({ pools: [samplePool({ maxChildren: 3000 })] }))).toBe(6064)
  })
  test('a limit that is not reached is not why', () => {
    expect(nextTasks(processes(4915, 3), sampleFpm())).toBeNull()
    expect(nextTasks(processes(5000, 5000), sampleFpm())).toBeNull()
  })
  test('one of cgroup v1 may be set from outside', () => {
    expect(isSystemdsToSet(processes(3, 3), sampleFpm())).toBe(true)
    expect(isSystemdsToSet(processes(3, 3, '/sys/fs/cgroup/pids/system.slice/php8.2-fpm.service'), sampleFpm())).toBe(
      false,
    )
  })
})
