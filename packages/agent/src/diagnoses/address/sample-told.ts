/** For tests of this group: what it says of a host, and nothing that others say. */
import type { HostFacts } from '../../survey/host-facts.ts'
import { diagnose } from '../diagnose.ts'
import { addressDiagnoses } from './address-diagnoses.ts'

const ids: ReadonlySet<string> = new Set(addressDiagnoses.map(({ id }) => id))
/** What this group says, as `role id`. */
export const told = (facts: HostFacts) =>
  diagnose(facts)
    .findings.filter(({ diagnosis }) => ids.has(diagnosis))
    .map(({ role, diagnosis }) => `${role} ${diagnosis}`)
export const finding = (facts: HostFacts) => diagnose(facts).findings.find(({ diagnosis }) => ids.has(diagnosis))
