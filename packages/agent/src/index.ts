/** The public face of the agent: nothing but types, for those who call it over a wire. */
export type { AgentRouter } from './router.ts'
