/** What a person can sign of a run: each with what is signed, how it is put to them, and how it is handed in. */
import {
  APPROVAL_NAMESPACE,
  BREAK_GLASS_NAMESPACE,
  breakGlassBytes,
  manifestBytes,
  manifestDigest,
  REQUEST_NAMESPACE,
  safeLine,
  type Manifest,
  type Paint,
  type Run,
  type Signable,
} from '@fleetmend/shared'
import type { Api } from '../connection/controller.ts'

export interface SignedDeed {
  signable(manifest: Manifest): Signable
  /** What it means, before the question; empty: what is shown says it. */
  warning(paint: Paint): string
  submit(api: Api, signed: { readonly manifest: Manifest; readonly signature: string }): Promise<Run>
  /** Whether the run shows that it arrived. */
  arrived(run: Run, signature: string): boolean
}

export const approving: SignedDeed = {
  signable: (manifest) => ({ message: manifestBytes(manifest), namespace: APPROVAL_NAMESPACE }),
  warning: () => '',
  submit: (api, { manifest, signature }) =>
    api.runs.approve.mutate({ run: manifest.run, digest: manifestDigest(manifest), signature }),
  arrived: ({ approvals }, signature) => approvals.some((each) => each.signature === signature),
}

export const requesting: SignedDeed = {
  signable: (manifest) => ({ message: manifestBytes(manifest), namespace: REQUEST_NAMESPACE }),
  warning: () => '  You sign that you asked for it. Others approve it.\n',
  submit: (api, { manifest, signature }) =>
    api.runs.signRequest.mutate({ run: manifest.run, digest: manifestDigest(manifest), signature }),
  arrived: ({ request }, signature) => request?.signature === signature,
}

export function breakingGlass(reason: string): SignedDeed {
  return {
    signable: (manifest) => ({
      message: breakGlassBytes({ manifest, reason }),
      namespace: BREAK_GLASS_NAMESPACE,
      mustBeNamed: true,
    }),
    warning: (paint) =>
      [
        paint.red(`  BREAK-GLASS: you go ahead alone, for this reason: ${safeLine(reason)}`),
        '  The hosts, the run and its history will say so, with your name. It stands in for other approvals and for nothing',
        '  else: a freeze, what may be applied at all, maintenance windows, limits by the hour and cool-downs hold.\n',
      ].join('\n'),
    submit: (api, { manifest, signature }) =>
      api.runs.breakGlass.mutate({ run: manifest.run, digest: manifestDigest(manifest), reason, signature }),
    arrived: ({ breakGlass }, signature) => breakGlass?.signature === signature,
  }
}
