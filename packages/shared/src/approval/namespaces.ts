/**
 * What a signature was made for (the namespace of SSHSIG). Each deed has its own, so that a signature for one is never one
 * for another, and a line of `/etc/fleetmend/approvers` can say which of them its key may do.
 */

/** Lets a run be done, by one of those whom a host asks for. */
export const APPROVAL_NAMESPACE = 'fleetmend-approval@v1'

/** Asks for a run, where whoever asked may not approve it. */
export const REQUEST_NAMESPACE = 'fleetmend-request@v1'

/** Lets a run be done by one person alone, for a reason. */
export const BREAK_GLASS_NAMESPACE = 'fleetmend-break-glass@v1'

/** Lets runbooks do within bounds what nobody has planned yet. */
export const GRANT_NAMESPACE = 'fleetmend-grant@v1'
