/** What people sign to let a run be done: each signature checked by the controller's own list, then told to the run. */
import {
  APPROVAL_NAMESPACE,
  BREAK_GLASS_NAMESPACE,
  breakGlassBytes,
  GRANT_NAMESPACE,
  grantBytes,
  manifestBytes,
  problem,
  REQUEST_NAMESPACE,
  type Manifest,
  type RunId,
  type Signable,
} from '@fleetmend/shared'
import type { Clock } from '../runs/clock.ts'
import type { Deed, Driver } from '../runs/driver.ts'
import { checkSignature, readList } from './check-signature.ts'
import type { Answer, ControllerService } from './controller-service.ts'
import { unknownRun } from './watch-run.ts'

export interface SigningParts {
  readonly driver: Driver
  readonly clock: Clock
  readonly approversPath: string
  /** The id of the fleet. */
  readonly fleet: string
}

type SignedDeeds = Pick<ControllerService, 'approvers' | 'approve' | 'signRequest' | 'breakGlass' | 'presentGrant'>

export function signedDeeds({ driver, clock, approversPath, fleet }: SigningParts): SignedDeeds {
  const check = (signable: Signable, signature: string) =>
    checkSignature(approversPath, signable, signature, clock.nowMs())
  const submit = async (run: RunId, deed: Deed) => {
    const submitted = await driver.submit(run, deed)
    return submitted.ok ? { ok: true as const, value: submitted.run } : submitted
  }
  const manifestOf = async (id: RunId): Promise<Answer<Manifest>> => {
    const run = await driver.load(id)
    if (!run) return { ok: false, problem: unknownRun(id) }
    if (run.manifest) return { ok: true, value: run.manifest }
    const says = `Cannot do that to ${id}, which is ${run.state}: it has no plans that anybody could sign.`
    return { ok: false, problem: problem('run-not-ready', says) }
  }

  return {
    async approvers() {
      const list = await readList(approversPath)
      return list.ok ? { ok: true, value: list.value.approvers } : list
    },

    async approve(run, digest, signature) {
      const manifest = await manifestOf(run)
      if (!manifest.ok) return manifest
      const message = manifestBytes(manifest.value)
      const approval = await check({ message, namespace: APPROVAL_NAMESPACE }, signature)
      return approval.ok ? submit(run, { type: 'approved', digest, approval: approval.value }) : approval
    },

    async signRequest(run, digest, signature) {
      const manifest = await manifestOf(run)
      if (!manifest.ok) return manifest
      const message = manifestBytes(manifest.value)
      const request = await check({ message, namespace: REQUEST_NAMESPACE }, signature)
      return request.ok ? submit(run, { type: 'request-signed', digest, request: request.value }) : request
    },

    async breakGlass(run, digest, { reason, signature }) {
      const manifest = await manifestOf(run)
      if (!manifest.ok) return manifest
      const message = breakGlassBytes({ manifest: manifest.value, reason })
      const signable = { message, namespace: BREAK_GLASS_NAMESPACE, mustBeNamed: true }
      const broken = await check(signable, signature)
      if (!broken.ok) return broken
      return submit(run, { type: 'glass-broken', digest, breakGlass: { ...broken.value, reason } })
    },

    async presentGrant(run, { by, grant: signed }) {
      const { grant, signatures } = signed
      if ('fleet' in grant.hosts && grant.hosts.fleet !== fleet) {
        const says = `${grant.id} is for the hosts of another fleet, ${grant.hosts.fleet}, and this is ${fleet}.`
        return { ok: false, problem: problem('grant-not-for-this-host', says) }
      }
      // How many must have signed, each host knows of its own plan.
      for (const signature of signatures) {
        const counts = await check({ message: grantBytes(grant), namespace: GRANT_NAMESPACE }, signature)
        if (!counts.ok) return counts
      }
      return submit(run, { type: 'grant-presented', by, grant: signed })
    },
  }
}
