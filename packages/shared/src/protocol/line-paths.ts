/** Where an agent dials its controller, and what is served there (`fleet-line.ts`, `enrolment.ts`). */

/** For hosts that have no certificate yet: `enrol` (EnrolRequest → Enrolled) is all that is served there. */
export const ENROL_PATH = '/enrol'

/** For enrolled hosts, by their certificate: `renew` (nothing → Renewed) is served there, and the agent is called. */
export const AGENT_PATH = '/agent'
