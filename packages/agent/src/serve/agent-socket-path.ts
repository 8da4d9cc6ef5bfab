/** Where an installed agent listens, unless it was told otherwise. */
export const agentSocketPath = '/run/fleetmend/agent.sock'
