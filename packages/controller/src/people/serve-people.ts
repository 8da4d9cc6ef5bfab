/** People and automation, let in over the network: the listener with its certificate, and what it is called from outside. */
import type { Problem, ProblemCode } from '@fleetmend/shared'
import type { AnyTRPCRouter } from '@trpc/server'
import type { CertificateAuthority } from '../identity/certificate-authority.ts'
import type { Clock } from '../runs/clock.ts'
import { openApiCertificate, type CertificateFiles } from './api-certificate.ts'
import type { Caller } from './caller.ts'
import { listenForPeople } from './people-listener.ts'
import type { WhereToSignIn } from './people-service.ts'
import type { People } from './people.ts'

export interface ApiListen {
  /** An address of this machine, `0.0.0.0` or `::` for all of them. */
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** What people are told to sign in to, e.g. `wss://controller.example:8443`; left out: from name and port. */
  readonly publicUrl?: string
  /** Left out: a certificate of the fleet's own authority. */
  readonly files?: CertificateFiles
}

export interface ServePeopleParts {
  readonly listen: ApiListen
  readonly authority: CertificateAuthority
  /** By which people may know this controller, the best first. */
  readonly names: readonly string[]
  readonly people: People
  readonly clock: Clock
  readonly router: AnyTRPCRouter
  readonly contextOf: (caller: Caller) => unknown
  readonly refused: (asked: string, code: ProblemCode, name: string | null) => Promise<void>
  readonly log: (line: string) => void
}

export interface PeopleServed {
  readonly where: () => WhereToSignIn
  close(): Promise<void>
}

export type ServedPeople =
  | { readonly ok: true; readonly value: PeopleServed }
  | { readonly ok: false; readonly says: string }

export async function servePeople(parts: ServePeopleParts): Promise<ServedPeople> {
  const { listen, authority, people, clock, router, contextOf, refused, log } = parts
  const named = listen.publicUrl === undefined ? [] : [new URL(listen.publicUrl).hostname.replace(/^\[|\]$/g, '')]
  const names = [...new Set([...named, ...parts.names])]
  const certificate = await openApiCertificate(authority, names, () => clock.nowMs(), listen.files)
  if (!certificate.ok) return certificate
  const origins = new Set<string>()
  try {
    const listener = await listenForPeople({
      host: listen.host,
      port: listen.port,
      certificate: certificate.value,
      people,
      clock,
      router,
      contextOf,
      isOurs: (origin) => origins.has(origin),
      refused: (told: Problem, path, name) =>
        void refused(path, told.code, name).catch((error: unknown) => log(bug(path, error))),
      onBug: (path, error) => log(bug(path, error)),
    })
    const url = listen.publicUrl ?? `wss://${bracketed(names[0] ?? 'localhost')}:${listener.port}`
    for (const name of names) origins.add(new URL(`https://${bracketed(name)}:${listener.port}`).origin)
    origins.add(new URL(url.replace(/^wss:/, 'https:')).origin)
    log(`people at ${url}`)
    const where = (): WhereToSignIn => ({ url, fingerprint: certificate.value.fingerprint() })
    return { ok: true, value: { where, close: () => listener.close() } }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ok: false, says: `Cannot listen for people on ${listen.host}:${listen.port}: ${why}.` }
  }
}

function bracketed(name: string): string {
  return name.includes(':') ? `[${name}]` : name
}

function bug(path: string, error: unknown): string {
  return `a bug in ${path}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
