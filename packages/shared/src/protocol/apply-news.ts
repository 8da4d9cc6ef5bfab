/** What is told of an apply while it is followed: each line of its journal once, and at the end its report. */
import * as z from 'zod/mini'
import { ApplyPhase, ApplyReport, TimelineEntry } from '../model/apply.ts'

export const ApplyNews = z.discriminatedUnion('news', [
  z.object({ news: z.literal('entry'), phase: ApplyPhase, entry: TimelineEntry }),
  z.object({ news: z.literal('closed'), report: ApplyReport }),
])
export type ApplyNews = z.infer<typeof ApplyNews>
