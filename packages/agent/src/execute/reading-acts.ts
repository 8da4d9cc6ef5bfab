/** Acts by which a service that runs reads its configuration anew. */
import type { Act } from '@fleetmend/shared'

export type ReadingAct = Extract<Act, { act: 'reload-fpm' | 'reload-nginx' | 'restart' }>

export function isReading(act: Act): act is ReadingAct {
  return act.act === 'reload-fpm' || act.act === 'reload-nginx' || act.act === 'restart'
}
