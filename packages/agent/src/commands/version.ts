/** `fleetmend-agent version`. */
import { exitCodes } from '@fleetmend/shared/problems'
import { agentVersion } from '../version.ts'
import { jsonOption, printJson, type Command } from './define.ts'

export const versionCommand: Command = {
  name: 'version',
  summary: 'Print the version of this agent and of the Node that runs it.',
  usage: 'version [--json]',
  options: { ...jsonOption },
  words: { min: 0, max: 0 },
  needsNoRoot: true,

  async run({ values, streams }) {
    const version = { agent: agentVersion, node: process.versions.node }
    if (values['json']) printJson(streams, version)
    else streams.out(`fleetmend-agent ${version.agent} (Node ${version.node})\n`)
    return exitCodes.done
  },
}
