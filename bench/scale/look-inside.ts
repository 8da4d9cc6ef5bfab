/**
 * Loaded by Node before the controller, which does not know of it. A first SIGUSR2 begins a profile of its CPU, a second one
 * writes it down with what its memory is made of, into the file that FLEETMEND_LOOK_INSIDE names.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { getHeapStatistics } from 'node:v8'
import type { CpuProfile, Inside } from './read-profile.ts'

const file = process.env['FLEETMEND_LOOK_INSIDE'] ?? ''
let session: Session | null = null

process.on('SIGUSR2', () => {
  if (session) return end(session)
  session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: 500 })
  session.post('Profiler.start')
})

function end(of: Session): void {
  session = null
  of.post('Profiler.stop', (_, { profile }) => {
    of.disconnect()
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
    const { total_heap_size: heapTotal } = getHeapStatistics()
    const inside: Inside = {
      profile: profile as CpuProfile,
      memory: { rss, heapUsed, heapTotal, external, arrayBuffers },
    }
    // Whole, once it is there.
    writeFileSync(`${file}.new`, JSON.stringify(inside))
    renameSync(`${file}.new`, file)
  })
}
