/** Diagnoses of time: who gives up on whom, after how long, and what takes so long. */
import { slowRequests } from './slow-requests.ts'
import { terminatedByTimeout } from './terminated-by-timeout.ts'
import { timeoutsInconsistent } from './timeouts-inconsistent.ts'
import { upstreamTimeout } from './upstream-timeout.ts'

export const timeDiagnoses = [terminatedByTimeout, upstreamTimeout, timeoutsInconsistent, slowRequests]
