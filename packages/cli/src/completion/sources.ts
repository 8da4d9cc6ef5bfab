/** Where the names of each kind of value come from, by its placeholder in the definitions of commands. */
import { RunId, type OfferedRemediation } from '@fleetmend/shared'
import type { Api, Controller } from '../connection/controller.ts'
import { fieldsOf } from '../words/remediation-words.ts'
import type { Candidate, Typed } from './wanted.ts'

type Asked = Omit<Parameters<Api['names']['query']>[0], 'begins'>

export type Source =
  /** The shell knows them. */
  | 'files'
  | 'folders'
  | {
      /** `part`: what is typed of it; `typed`: all before it. */
      names(controller: Controller, part: string, typed: Typed): Promise<readonly Candidate[]>
    }

/** A placeholder that is neither here nor in `freeWords` fails a test: nobody would have thought of it. */
export const sources: Readonly<Record<string, Source>> = {
  file: 'files',
  path: 'files',
  key: 'files',
  folder: 'folders',
  host: fromController(() => ({ of: 'hosts' })),
  'key=value': fromController(() => ({ of: 'labels' })),
  run: fromController(() => ({ of: 'runs' })),
  group: fromController(({ arguments: [first] }) => {
    const run = RunId.safeParse(first)
    return run.success ? { of: 'groups', run: run.data } : null
  }),
  labels: { names: selectorNames },
  remediation: {
    names: async (controller) => (await offered(controller)).map(({ id, title }) => ({ name: id, says: title })),
  },
  'name=value': { names: inputNames },
  'name=5': { names: inputNames },
}

/** What only whoever types it can know. */
export const freeWords: ReadonlySet<string> = new Set([
  'address',
  'address:port',
  'count',
  'days',
  'diagnosis',
  'digest',
  'fingerprint',
  'hosts',
  'life',
  'name',
  'number',
  'person',
  'roles',
  'seconds',
  'sizes',
  'text',
  'time',
  'times',
  'token',
  'url',
  'user@host:port',
  'what',
  'when',
  'word',
])

function fromController(about: (typed: Typed) => Asked | null): Source {
  return {
    async names(controller, part, typed) {
      const asked = about(typed)
      return asked ? namesOf(controller, asked, part) : []
    },
  }
}

async function namesOf(controller: Controller, asked: Asked, begins: string): Promise<readonly Candidate[]> {
  const answer = await controller.ask((api) => api.names.query({ ...asked, begins }))
  return answer.ok && Array.isArray(answer.value) ? answer.value.filter(isName) : []
}

/** The API has types, and who answers need not keep to them. */
function isName(name: unknown): name is Candidate {
  const { name: word, says } = (name ?? {}) as Partial<Candidate>
  return typeof word === 'string' && typeof says === 'string'
}

/** The last of several: `role=web,zo`. */
async function selectorNames(controller: Controller, part: string): Promise<readonly Candidate[]> {
  const before = part.slice(0, part.lastIndexOf(',') + 1)
  const names = await namesOf(controller, { of: 'labels' }, part.slice(before.length))
  return names.map(({ name, says }) => ({ name: `${before}${name}`, says }))
}

async function offered(controller: Controller): Promise<readonly OfferedRemediation[]> {
  const answer = await controller.ask((api) => api.catalogue.query())
  return answer.ok ? answer.value : []
}

/** Of what `--do` names. */
async function inputNames(controller: Controller, part: string, { options }: Typed): Promise<readonly Candidate[]> {
  const remediation = (await offered(controller)).find(({ id }) => id === options.get('--do')?.at(-1))
  if (!remediation) return []
  const fields = Object.entries(fieldsOf(remediation))
  return fields.flatMap(([name, { type, description = '' }]) =>
    type === 'boolean' && part.startsWith(`${name}=`)
      ? ['true', 'false'].map((value) => ({ name: `${name}=${value}`, says: description }))
      : [{ name: `${name}=`, says: description }],
  )
}
