/** Runs on the host that is recorded, beside its installed agent: looks as the agent looks, and prints every answer as one JSON. */
import { diagnose } from '../../../packages/agent/src/diagnoses/diagnose.ts'
import { linuxHost } from '../../../packages/agent/src/host/linux-host.ts'
import type { ReadHost } from '../../../packages/agent/src/host/host.ts'
import { look } from '../../../packages/agent/src/survey/look.ts'
import { recordingHost } from '../../../packages/agent/src/survey/recorded-host.ts'
import { hostname } from 'node:os'
import { nodeOnHost } from '../node-on-host.ts'

// What must run as somebody else is the installed agent's: this file is no agent.
const [program, ...args] = nodeOnHost
const self = { program, args: [...args, '/usr/lib/fleetmend/fleetmend-agent.cjs'] }
const host = linuxHost(hostname(), self)
// Where a processor is emulated a program takes seconds to start, and the request is made by one.
const patient: ReadHost = {
  ...host,
  fastcgi: (request) => host.fastcgi({ ...request, limitMs: request.limitMs * 10 }),
}

/** A look in which a program was too slow for the agent shows the emulation, not the host: then once more. */
const mostLooks = 4
let recording = recordingHost(patient)
let diagnosis = diagnose(await look(recording.host))
for (let i = 1; i < mostLooks && JSON.stringify(diagnosis).includes('gave no answer in'); i++) {
  recording = recordingHost(patient)
  diagnosis = diagnose(await look(recording.host))
}
const { takenAtMs, files, answers } = recording.record()
process.stdout.write(
  JSON.stringify({
    record: {
      ...{ host: host.id, takenAtMs },
      files: [...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]),
      answers: [...answers],
    },
    diagnosis,
  }),
)
