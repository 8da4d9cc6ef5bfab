/** Diagnoses of servers that are not PHP-FPM: what stands behind `proxy_pass`. */
import { proxyUpstreamDown } from './proxy-upstream-down.ts'
import { proxyUpstreamTimeout } from './proxy-upstream-timeout.ts'

export const otherBackendsDiagnoses = [proxyUpstreamDown, proxyUpstreamTimeout]
