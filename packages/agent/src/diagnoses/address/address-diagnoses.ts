/** Diagnoses of the way between nginx and PHP-FPM: who names which address, what stands there, who may pass. */
import { clientsNotAllowed } from './clients-not-allowed.ts'
import { localhostTwoPeers } from './localhost-two-peers.ts'
import { noLiveUpstreams } from './no-live-upstreams.ts'
import { portBlocked } from './port-blocked.ts'
import { socketDenied } from './socket-denied.ts'
import { socketMissing } from './socket-missing.ts'
import { socketStale } from './socket-stale.ts'
import { upstreamMismatch } from './upstream-mismatch.ts'
import { upstreamNameUnresolved } from './upstream-name-unresolved.ts'
import { wrongProtocol } from './wrong-protocol.ts'

export const addressDiagnoses = [
  ...[upstreamMismatch, socketMissing, socketStale, socketDenied, wrongProtocol, clientsNotAllowed, portBlocked],
  ...[upstreamNameUnresolved, noLiveUpstreams, localhostTwoPeers],
]
