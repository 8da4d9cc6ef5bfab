/** What a caller may ask about callers, in their name. */
import type { ApiTokenId, ApiTokenView, Digest, PersonRole, PrincipalName, Whoami } from '@fleetmend/shared'
import type { Answer } from '../api/controller-service.ts'
import { whoamiOf, type Caller } from './caller.ts'
import type { People } from './people.ts'

/** What is handed over with a token, so that its owner can sign in and know this controller. */
export interface WhereToSignIn {
  /** Null: nobody listens for people but the socket. */
  readonly url: string | null
  /** Of the authority behind the server's certificate; null: it is one that clients know by themselves. */
  readonly fingerprint: Digest | null
}

export interface CreatedToken extends WhereToSignIn {
  /** Shown once. */
  readonly secret: string
  readonly token: ApiTokenView
}

export interface PeopleService {
  whoami(): Whoami
  createToken(request: {
    readonly name: PrincipalName
    readonly roles: PersonRole[]
    readonly selector: string | null
    readonly readOnly: boolean
    readonly lifeMs: number | null
  }): Promise<Answer<CreatedToken>>
  listTokens(): Promise<readonly ApiTokenView[]>
  revokeTokens(which: { readonly id: ApiTokenId } | { readonly name: string }): Promise<Answer<readonly ApiTokenView[]>>
}

/** Said of tokens that were made or revoked over the socket, whose owner could be anybody with root. */
const onTheSocket = 'the owner of the socket'

export function peopleService(people: People, caller: Caller, where: () => WhereToSignIn): PeopleService {
  const by = caller.name ?? onTheSocket
  return {
    whoami: () => whoamiOf(caller),
    async createToken({ name, lifeMs, ...powers }) {
      const made = await people.createToken({ name, powers, lifeMs, madeBy: by })
      return made.ok ? { ok: true, value: { ...made.value, ...where() } } : made
    },
    listTokens: () => people.listTokens(),
    revokeTokens: (which) => people.revokeTokens(which, by),
  }
}
