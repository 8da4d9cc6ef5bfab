/** Who may ask a controller for what: people and automation, their roles, and what is shown of their tokens. */
import * as z from 'zod/mini'
import { Instant } from './ids.ts'

/** In the order in which people read them; which may do what is a table of the controller. */
export const personRoles = ['viewer', 'operator', 'approver', 'admin'] as const
export const PersonRole = z.enum(personRoles)
export type PersonRole = z.infer<typeof PersonRole>

/** A person or a robot: `ana`, `ci`. It stands in the history as the requester, so it is as plain as a login name. */
export const PrincipalName = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/))
export type PrincipalName = z.infer<typeof PrincipalName>

/** What a token is called when it is spoken of, e.g. `t-3f9a12bc`. It is no secret and lets nobody in. */
export const ApiTokenId = z.string().check(z.regex(/^t-[0-9a-f]{8}$/))
export type ApiTokenId = z.infer<typeof ApiTokenId>

/** What a token lets its owner do: all that any of the roles may. Whoever is alone on call plans and approves. */
export const Powers = z.strictObject({
  roles: z.array(PersonRole).check(
    z.minLength(1),
    z.refine((roles) => new Set(roles).size === roles.length, 'must name each role once'),
  ),
  selector: z
    .nullable(z.string())
    .check(z.describe('Label selector: other hosts do not exist for this token. Null: the whole fleet.')),
  readOnly: z.boolean().check(z.describe('It may look wherever its role may, and do nothing.')),
})
export type Powers = z.infer<typeof Powers>

export const ApiTokenView = z.strictObject({
  id: ApiTokenId,
  name: PrincipalName,
  ...Powers.shape,
  madeBy: z.string(),
  madeAt: Instant,
  expiresAt: z.nullable(Instant).check(z.describe('Null: never.')),
  lastUsedAt: z.nullable(Instant).check(z.describe('To the hour.')),
  revokedAt: z.nullable(Instant),
  revokedBy: z.nullable(z.string()),
})
export type ApiTokenView = z.infer<typeof ApiTokenView>

/** Who a caller is to the controller. */
export const Whoami = z.strictObject({
  name: z
    .nullable(z.string())
    .check(z.describe('Null: on the controller’s own socket, where people say who they are.')),
  ...Powers.shape,
  token: z.nullable(ApiTokenId),
  expiresAt: z.nullable(Instant),
})
export type Whoami = z.infer<typeof Whoami>
