/** What is asked of a host when an agent is installed there or taken away, and what it answers. One document each way. */
import * as z from 'zod/mini'
import { Digest, HostId } from '../model/ids.ts'
import { Problem } from '../model/problem.ts'

const maxFileCharacters = 4 * 1024 * 1024
const FileText = z.string().check(z.maxLength(maxFileCharacters))

const WantedInstallation = z.strictObject({
  want: z.literal('installed'),
  /** Of `/etc/fleetmend/approvers` and `policy.yaml`; null: whatever there is stays. */
  approvers: z.nullable(FileText),
  policy: z.nullable(FileText),
  replacePolicy: z.boolean(),
  /** Null: it is not let into a fleet by this. */
  enrol: z.nullable(
    z.strictObject({
      url: z.nullable(z.string()).check(z.describe('Of the controller, where it is known beforehand.')),
      host: z.nullable(HostId).check(z.describe('Its name there; null: as it calls itself.')),
    }),
  ),
})

const WantedRemoval = z.strictObject({
  want: z.literal('removed'),
  purge: z.boolean().check(z.describe('Its configuration, its record and who it is in its fleet go with it.')),
})

export const InstallationRequest = z.strictObject({
  format: z.literal('fleetmend.installation-request/1'),
  wanted: z.discriminatedUnion('want', [WantedInstallation, WantedRemoval]),
  /** The digest of the steps that a person has agreed to; null: nothing is done, and the steps are shown. */
  agreed: z.nullable(Digest),
  /** A join token, where one of the steps is to enrol. Stands in no step, and in no answer. */
  token: z.nullable(z.string()),
})
export type InstallationRequest = z.infer<typeof InstallationRequest>
export type Wanted = InstallationRequest['wanted']
export type WantedInstallation = z.infer<typeof WantedInstallation>
export type WantedRemoval = z.infer<typeof WantedRemoval>

/** What a newer agent says besides is left out. */
export const InstallationStep = z.object({
  says: z.string(),
  /** Unified, secrets hidden. */
  diff: z.nullable(z.string()),
  became: z.enum(['to-do', 'done', 'failed', 'undone', 'left-out']),
})
export type InstallationStep = z.infer<typeof InstallationStep>

export const InstallationAnswer = z.object({
  format: z.literal('fleetmend.installation-answer/1'),
  host: HostId,
  /** The version that was there before; null: none. */
  before: z.nullable(z.string()),
  /** The version that is there now, or would be. */
  after: z.nullable(z.string()),
  /** Of which fleet it is, as it is found; null: of none. */
  enrolled: z.nullable(
    z.object({
      host: HostId,
      fleet: z.string(),
      url: z.nullable(z.string()).check(z.describe('Of the controller that it dials; null: one that comes over SSH.')),
    }),
  ),
  /** Of the steps without what became of them. */
  digest: Digest,
  steps: z.array(InstallationStep),
  /** What stays as it is, and why. */
  notes: z.array(z.string()),
  /** Why nothing is done, or why it was not done to its end. */
  problem: z.nullable(Problem),
})
export type InstallationAnswer = z.infer<typeof InstallationAnswer>
