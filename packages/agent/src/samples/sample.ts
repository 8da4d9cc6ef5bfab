/** One look a minute at what is used: what sizes and baselines rest on (DESIGN D16). */
import { Instant } from '@fleetmend/shared'
import * as z from 'zod/mini'

const count = z.int().check(z.nonnegative())

export const Sample = z.object({
  at: Instant,
  pools: z.array(
    z.object({
      /** `php8.2-fpm/www` */
      pool: z.string(),
      busy: count,
      waiting: count,
      /** The most that any worker's own memory ever was, MiB: VmHWM less what is shared. Null: no worker. */
      peakMiB: z.nullable(count),
    }),
  ),
  /** Since the sample before. Sites that share an access log are counted together, under the first of their names. */
  sites: z.array(z.object({ site: z.string(), requests: count, serverErrors: count })),
})
export type Sample = z.infer<typeof Sample>
