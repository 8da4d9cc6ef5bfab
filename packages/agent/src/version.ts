/** The version that people and controllers are told; the protocol has a number of its own. */
export const agentVersion = '0.1.0'
