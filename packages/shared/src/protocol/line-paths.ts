/** Where a controller is dialled, and what is served there (`fleet-line.ts`, `enrolment.ts`, the controller's API). */

/** For hosts that have no certificate yet: `enrol` (EnrolRequest → Enrolled) is all that is served there. */
export const ENROL_PATH = '/enrol'

/** For enrolled hosts whose certificate is out of date, but not by long: `renew` is all that is served there. */
export const RENEW_PATH = '/renew'

/** For enrolled hosts, by their certificate: `renew` (nothing → Renewed) is served there, and the agent is called. */
export const AGENT_PATH = '/agent'

/** For people and automation, by their token: the API over a WebSocket; below it, `/api/runs.list` answers one HTTP request. */
export const API_PATH = '/api'

/**
 * What a controller says when a line of people opens: those authorities by which it is to be known from now on, DER in
 * base64, with commas between. Whoever comes while one follows the other notices nothing of the change.
 */
export const AUTHORITIES_HEADER = 'fleetmend-authorities'

/** A token sent here becomes the cookie of a console. */
export const SESSION_PATH = '/session'
