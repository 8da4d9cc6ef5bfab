import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spareServers } from './spare-servers.ts'

test('ten workers keep two to five idle', () => {
  expect(Object.fromEntries(spareServers(10))).toEqual({
    'pm.start_servers': 3,
    'pm.min_spare_servers': 2,
    'pm.max_spare_servers': 5,
  })
})

test('FPM accepts them for every size (fpm_conf_process_all_pools)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (maxChildren) => {
      const spares = Object.fromEntries(spareServers(maxChildren))
      const [start = 0, min = 0, max = 0] = [
        spares['pm.start_servers'],
        spares['pm.min_spare_servers'],
        spares['pm.max_spare_servers'],
      ]
      expect(min).toBeGreaterThanOrEqual(1)
      expect(max).toBeGreaterThanOrEqual(min)
      expect(max).toBeLessThanOrEqual(maxChildren)
      expect(start).toBeGreaterThanOrEqual(min)
      expect(start).toBeLessThanOrEqual(max)
    }),
  )
})
