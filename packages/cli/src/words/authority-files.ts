/** The files of certificate authorities, as `controller serve` takes them: a certificate never without its key. */
import { problem, type Problem } from '@fleetmend/shared'

interface AuthorityOptions {
  readonly caCert?: string | undefined
  readonly caKey?: string | undefined
  readonly nextCaCert?: string | undefined
  readonly nextCaKey?: string | undefined
}

interface AuthorityFiles {
  readonly certificate: string
  readonly key: string
}

export type AuthoritiesGiven =
  | { readonly ok: true; readonly value: { readonly now?: AuthorityFiles; readonly next?: AuthorityFiles } }
  | { readonly ok: false; readonly problem: Problem }

export function authoritiesIn({ caCert, caKey, nextCaCert, nextCaKey }: AuthorityOptions): AuthoritiesGiven {
  if ((caCert === undefined) !== (caKey === undefined)) return refuse('--ca-cert and --ca-key')
  if ((nextCaCert === undefined) !== (nextCaKey === undefined)) return refuse('--next-ca-cert and --next-ca-key')
  const now = caCert !== undefined && caKey !== undefined ? { certificate: caCert, key: caKey } : undefined
  const next =
    nextCaCert !== undefined && nextCaKey !== undefined ? { certificate: nextCaCert, key: nextCaKey } : undefined
  return { ok: true, value: { ...(now && { now }), ...(next && { next }) } }
}

function refuse(options: string): AuthoritiesGiven {
  return {
    ok: false,
    problem: problem('usage', `${options} belong together: a certificate is of no use without its key.`),
  }
}
