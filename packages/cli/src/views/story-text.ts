/** What happened in a run, in order: what people did each by itself, what hosts told meanwhile once for all that told the same. Pure. */
import { hostNames, safeLine, type Paint, type RunStoryEvent } from '@fleetmend/shared'

export function storyText(events: readonly RunStoryEvent[], paint: Paint): string {
  return stretches(events)
    .map((stretch) => stretchText(stretch, paint))
    .join('')
}

interface Telling {
  readonly first: RunStoryEvent
  readonly says: string
  readonly hosts: string[]
  last: string
}

/** What hosts tell between two deeds of people comes in any order: what is the same is told once, where it came first. */
function stretches(events: readonly RunStoryEvent[]): readonly Telling[] {
  const told: Telling[] = []
  let same = new Map<string, Telling>()
  for (const event of events) {
    const hosts = event.host === null ? event.hosts : [event.host]
    const says = event.type === 'hosts-begun' ? 'Began.' : event.says
    const key = JSON.stringify([event.type, says])
    const known = hosts.length > 0 ? same.get(key) : undefined
    if (known) {
      known.hosts.push(...hosts)
      known.last = event.at
      continue
    }
    if (hosts.length === 0) same = new Map()
    const telling: Telling = { first: event, says, hosts: [...hosts], last: event.at }
    if (hosts.length > 0) same.set(key, telling)
    told.push(telling)
  }
  return told
}

function stretchText({ first, says, hosts, last }: Telling, paint: Paint): string {
  const [from, to] = [first.at.slice(11, 19), last.slice(11, 19)]
  const when = paint.dim((from === to ? from : `${from}–${to}`).padEnd(17))
  const who = hosts.length === 0 ? '' : `${paint.cyan(hostNames([...new Set(hosts)]))}  `
  const [line = '', ...more] = says.split('\n').map(safeLine)
  const by = first.by === null ? '' : ` (${safeLine(first.by)})`
  const rest = more.map((each) => `${' '.repeat(21)}${each}\n`).join('')
  return `  ${when}  ${who}${line}${by}\n${rest}`
}
