/** The version of this release; what crosses the wire has a version of its own. */
export const cliVersion = '0.1.0'
