/** From a shown run to a signed one: checked, consented to, signed, and given to the controller. */
import { manifestDigest, problem, safeLine, type Manifest, type Run, type RunView } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { consents } from '../consent.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { submitDeed } from '../connection/submit-deed.ts'
import { wavesText } from '../views/waves-text.ts'
import { checkManifest } from './check-manifest.ts'
import { chooseKey } from './choose-key.ts'
import { sign, signerWords } from './sign.ts'
import type { SignedDeed } from './signed-deeds.ts'

export interface SigningOptions {
  readonly digest?: string | undefined
  readonly key?: string | undefined
  readonly yes?: true | undefined
}

export async function signRun(
  cli: Cli,
  controller: Controller,
  view: RunView,
  deed: SignedDeed,
  { digest: expected, key: named, yes }: SigningOptions,
): Promise<Answer<Run>> {
  const { streams, environment } = cli
  const { run } = view
  const checked = checkManifest(view, expected)
  if (!checked.ok) return { ...checked, lost: null }
  const { manifest } = checked
  const signable = deed.signable(manifest)
  const listed = await controller.ask((api) => api.approvers.query())
  const approvers = listed.ok ? listed.value : []
  const chosen = await chooseKey({ named, approvers, namespace: signable.namespace, environment })
  if (!chosen.ok) return { ...chosen, lost: null }
  streams.err(`\n${toBeSigned(manifest)}\n${deed.warning(streams.errPaint)}`)
  if (!(await consents(cli, `Sign it with ${signerWords(chosen.signer)}?`, { yes }))) {
    const says = `Nothing was signed, and nothing will be done. The run waits until ${manifest.notAfter}; to end it:\n    fleetmend deny ${run.id} --reason WHY`
    return { ok: false, problem: problem('not-approved', says), lost: null }
  }
  const signed = await sign(signable, chosen.signer, (text) => streams.err(text))
  if (!signed.ok) return { ...signed, lost: null }
  const { signature } = signed
  return submitDeed(cli, controller, {
    run: run.id,
    submit: (api) => deed.submit(api, { manifest, signature }),
    arrived: (after) => deed.arrived(after, signature),
  })
}

function toBeSigned(manifest: Manifest): string {
  const { run, requester, reason, hosts, waves, notAfter } = manifest
  return [
    `To be signed: ${manifestDigest(manifest)}`,
    `  ${run}, asked for by ${safeLine(requester)}: ${safeLine(reason)}`,
    `  ${hosts === 1 ? 'one host' : `${hosts} hosts; of each change ${wavesText(waves)}`}; to be begun before ${notAfter}`,
  ].join('\n')
}
