/** From a shown run to an approved one: checked, consented to, signed, and given to the controller. */
import { manifestDigest, problem, safeLine, type Manifest, type Run, type RunView } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { consents } from '../consent.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { submitDeed } from '../connection/submit-deed.ts'
import { checkManifest } from './check-manifest.ts'
import { sign } from './sign.ts'

export interface ApproveOptions {
  readonly digest?: string | undefined
  readonly key: string
  readonly yes?: true | undefined
}

export async function approveRun(
  cli: Cli,
  controller: Controller,
  view: RunView,
  { digest: expected, key, yes }: ApproveOptions,
): Promise<Answer<Run>> {
  const { streams } = cli
  const { run } = view
  const checked = checkManifest(view, expected)
  if (!checked.ok) return { ...checked, lost: null }
  const { manifest } = checked
  streams.err(`\n${toBeSigned(manifest)}\n`)
  if (!(await consents(cli, `Sign it with ${key}?`, { yes }))) {
    const says = `Nothing was signed, and nothing will be done. The run waits until ${manifest.notAfter}; to end it:\n    fleetmend runs abort ${run.id} --reason WHY`
    return { ok: false, problem: problem('not-approved', says), lost: null }
  }
  const signed = await sign(manifest, key, (text) => streams.err(text))
  if (!signed.ok) return { ...signed, lost: null }
  const { signature } = signed
  const digest = manifestDigest(manifest)
  return submitDeed(cli, controller, {
    run: run.id,
    submit: (api) => api.runs.approve.mutate({ run: run.id, digest, signature }),
    arrived: ({ approvals }) => approvals.some((each) => each.signature === signature),
  })
}

function toBeSigned(manifest: Manifest): string {
  const { run, requester, reason, hosts, waves, notAfter } = manifest
  return [
    `To be signed: ${manifestDigest(manifest)}`,
    `  ${run}, asked for by ${safeLine(requester)}: ${safeLine(reason)}`,
    `  ${hosts === 1 ? 'one host' : `${hosts} hosts`}; canaries ${waves.canaryHosts} of each change, then ${waves.batchHosts} at once; to be begun before ${notAfter}`,
  ].join('\n')
}
