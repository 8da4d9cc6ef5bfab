import { expect, test } from 'vitest'
import { sampleFacts, sampleFpm, sampleUnit } from '../survey/sample-facts.ts'
import { restartOnFailure } from './restart-on-failure.ts'

const service = 'php8.2-fpm'
const folder = `/etc/systemd/system/${service}.service.d`

function drafted(...dropIns: readonly { readonly path: string; readonly text: string }[]) {
  const fpm = sampleFpm({ unit: sampleUnit({ restart: 'no' }), dropIns })
  return restartOnFailure.draft(sampleFacts({ fpm: [fpm] }), { service, pauseS: 2 })
}

test.each([
  { what: 'alone', others: [], name: '50-fleetmend.conf', warnings: 0 },
  {
    what: 'after one that it overrides',
    others: [['10-site.conf', 'Restart=no']],
    name: '50-fleetmend.conf',
    warnings: 0,
  },
  {
    what: 'before one about something else',
    others: [['override.conf', 'Nice=5']],
    name: '50-fleetmend.conf',
    warnings: 0,
  },
  {
    what: 'where it would be overridden',
    others: [['override.conf', 'Restart=no']],
    name: 'zz-fleetmend.conf',
    warnings: 1,
  },
])('the drop-in is read last, $what', ({ others, name, warnings }) => {
  const draft = drafted(...others.map(([file, line]) => ({ path: `${folder}/${file}`, text: `[Service]\n${line}\n` })))
  expect(draft).toMatchObject({ kind: 'draft', edits: [{ edit: 'create', path: `${folder}/${name}` }] })
  expect(draft.kind === 'draft' && draft.warnings).toHaveLength(warnings)
})

test('a name that comes after any of ours keeps its say, and the steps name it', () => {
  const path = `${folder}/zzz.conf`
  expect(drafted({ path, text: '[Service]\nRestart=no\n' })).toMatchObject({
    kind: 'refused',
    because: expect.stringContaining(path) as string,
  })
})
