/** What every remediation promises. */
import { describe, expect, test } from 'vitest'
import {
  samplePass,
  samplePeer,
  sampleUnreached,
  sampleUpstream,
  sampleWay,
  sampleWayToNothing,
} from '../survey/sample-addresses.ts'
import {
  sampleConfig,
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleJournalEntry,
  samplePool,
  samplePoolText,
  sampleUnit,
  sampleWorkers,
} from '../survey/sample-facts.ts'
import { samplePhpLocation, sampleSite } from '../survey/sample-sites.ts'
import { sampleLastGood } from '../survey/sample-last-good.ts'
import { sampleApply, sampleUndo } from '../survey/sample-undo.ts'
import { sampleNginxConfig, sampleNginxSite, sampleNginxSiteText } from '../survey/sample-nginx-config.ts'
import { fieldsOf, inputFromWords, readInput } from './read-input.ts'
import { remediations } from './registry.ts'

const queue = { ok: true, value: { waiting: [3, 3, 3, 3, 3], limit: 4096 } } as const
const shopSocket = 'unix:/run/php/php8.2-fpm.sock'
const port = 'tcp:127.0.0.1:9000'
const shopWay = sampleWay('/run/php/php8.2-fpm.sock')
const rootsWay = {
  ...shopWay,
  steps: shopWay.steps.map((step) =>
    step.kind === 'socket' ? { ...step, uid: 0, gid: 0, owner: 'root', group: 'root' } : step,
  ),
}
const removed = 'unix:/run/php/php7.4-fpm.sock'
/** A host on which every remediation has something to do. */
const troubled = {
  'restart-on-failure': sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit({ restart: 'no' }) })] }),
  'start-service': sampleFacts({
    fpm: [sampleDownFpm({ activeState: 'failed', result: 'signal', execMainCode: 2, execMainStatus: 9 })],
  }),
  'enable-service': sampleFacts({
    fpm: [sampleFpm({ unit: sampleUnit({ unitFileState: 'disabled', startedBy: [] }) })],
  }),
  'unmask-service': sampleFacts({
    fpm: [sampleDownFpm({ loadState: 'masked', activeState: 'inactive', unitFileState: 'masked' })],
  }),
  'restore-config': sampleFacts({
    fpm: [sampleDownFpm({ activeState: 'failed', execMainStatus: 78 }, { lastGood: sampleLastGood() })],
  }),
  'reload-fpm': sampleFacts(),
  'reload-nginx': sampleFacts({ nginxConfig: sampleNginxConfig() }),
  'align-upstream': sampleFacts({
    nginxConfig: sampleNginxConfig({ [sampleNginxSite]: sampleNginxSiteText.replace('8.2', '7.4') }),
    passes: [samplePass({ line: 11, peers: [samplePeer(removed, { line: 11 })] })],
    upstreams: [sampleUnreached(removed, 'ENOENT', { way: sampleWayToNothing('/run/php/php7.4-fpm.sock') })],
  }),
  'allow-client': sampleFacts({
    fpm: [
      sampleFpm({
        listensOn: [port],
        pools: [samplePool({ listen: port })],
        config: { ok: true, value: sampleConfig({ pool: `${samplePoolText}listen.allowed_clients = 10.0.0.1\n` }) },
      }),
    ],
    passes: [samplePass({ peers: [samplePeer(port)] })],
    upstreams: [sampleUpstream({ address: port, reply: { kind: 'broken', says: 'closed', tookMs: 1 } })],
  }),
  'raise-backlog': sampleFacts({
    fpm: [sampleFpm({ pools: [samplePool({ queue: { ok: true, value: { waiting: [0, 0, 0], limit: 5 } } })] })],
  }),
  'fix-socket-access': sampleFacts({
    upstreams: [sampleUnreached(shopSocket, 'EACCES', { way: rootsWay })],
  }),
  'recreate-socket': sampleFacts({
    upstreams: [sampleUnreached(shopSocket, 'ENOENT', { way: sampleWayToNothing('/run/php/php8.2-fpm.sock') })],
  }),
  'restart-fpm': sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit({ needDaemonReload: true }) })] }),
  'make-reload-graceful': sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig() } })] }),
  'raise-header-buffers': sampleFacts({ nginxConfig: sampleNginxConfig() }),
  'fix-script-filename': sampleFacts({
    nginxConfig: sampleNginxConfig({ '/etc/nginx/fastcgi.conf': 'fastcgi_param A b;\n' }),
    sites: [sampleSite({ phpLocations: [samplePhpLocation({ scriptFilename: null, scriptFolder: null })] })],
  }),
  'disable-fastcgi-keepalive': sampleFacts({
    nginxConfig: sampleNginxConfig({ '/etc/nginx/fastcgi.conf': 'fastcgi_keep_conn on;\n' }),
  }),
  'add-upstream-log': sampleFacts({ nginxConfig: sampleNginxConfig() }),
  'enable-status-page': sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig() } })] }),
  'enable-slowlog': sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig() } })] }),
  'raise-limits': sampleFacts({ nginxConfig: sampleNginxConfig() }),
  'align-timeouts': sampleFacts({ nginxConfig: sampleNginxConfig() }),
  'tune-pool': sampleFacts({ fpm: [sampleFpm({ pools: [samplePool({ workers: sampleWorkers(5), queue })] })] }),
  'undo-apply': sampleFacts({ undo: sampleUndo() }),
}
const ofPool = ['pool=php8.2-fpm/www']
const consented = ['service=php8.2-fpm', 'startStopped=true']
const inputs: Readonly<Record<string, readonly string[]>> = {
  'tune-pool': ofPool,
  'raise-header-buffers': ofPool,
  'align-timeouts': ofPool,
  'add-upstream-log': [],
  'enable-status-page': ofPool,
  'enable-slowlog': ofPool,
  'raise-limits': ['service=nginx', 'limit=connections'],
  'disable-fastcgi-keepalive': ofPool,
  'fix-script-filename': ofPool,
  'enable-service': consented,
  'reload-nginx': [],
  'recreate-socket': ofPool,
  'allow-client': ofPool,
  'raise-backlog': ofPool,
  'fix-socket-access': ofPool,
  'align-upstream': ['site=shop.example', ...ofPool],
  'unmask-service': consented,
  'undo-apply': [`apply=${sampleApply}`],
}
const cases = remediations.map((remediation) => ({ id: remediation.id, remediation }))

describe.each(cases)('$id', ({ id, remediation }) => {
  const facts = troubled[id as keyof typeof troubled]
  const read = inputFromWords(remediation, inputs[id] ?? ['service=php8.2-fpm'])
  const input = read.ok ? read.input : {}

  test('takes its input, and describes every field', () => {
    expect(read).toMatchObject({ ok: true })
    expect(Object.entries(fieldsOf(remediation)).filter(([, field]) => !field.description)).toEqual([])
  })

  test('no field is a path, a command or text for a file', () => {
    for (const hostile of ['/etc/passwd', '../../etc/passwd', 'www; rm -rf /', '$(id)', 'a\nb', '']) {
      for (const name of Object.keys(fieldsOf(remediation))) {
        expect(readInput(remediation, { ...input, [name]: hostile })).toMatchObject({ ok: false })
      }
    }
    expect(readInput(remediation, { ...input, command: 'id' })).toMatchObject({ ok: false })
  })

  test('plans something on the host it is for, the same each time', () => {
    const drafted = remediation.draft(facts, input)
    expect(drafted.kind).toBe('draft')
    expect(remediation.draft(facts, input)).toEqual(drafted)
  })

  test('what it acts on was checked on the planned files, and what it disturbs is said', () => {
    const drafted = remediation.draft(facts, input)
    if (drafted.kind !== 'draft') throw new Error(drafted.because)
    for (const act of drafted.acts) {
      if (!['start', 'restart', 'reload-fpm', 'reload-nginx'].includes(act.act) || !('service' in act)) continue
      const check = act.service === 'nginx' ? 'nginx-config' : 'fpm-config'
      expect(drafted.checks).toContainEqual({ when: 'planned', check, service: act.service })
    }
    expect(drafted.disturbs.length > 0).toBe(drafted.acts.some(({ act }) => act === 'reload-fpm' || act === 'restart'))
    expect(
      drafted.clears.map(({ diagnosis }) => diagnosis).filter((each) => !remediation.clears.includes(each)),
    ).toEqual([])
  })

  test('refuses politely on a host it does not understand', () => {
    const { nginx, ...rest } = sampleFacts({ fpm: [], ...(facts.undo ? { undo: facts.undo } : {}) })
    const unread = { ok: false, why: 'denied', says: 'permission denied' } as const
    const drafted = remediation.draft({ ...rest, nginx: { ...nginx, config: unread } }, input)
    expect(drafted).toMatchObject({ kind: 'refused', because: expect.stringMatching(/php8\.2-fpm|nginx/) as string })
  })
})

test('what an operator stopped is not started without a word', () => {
  const journal = {
    ok: true,
    value: [sampleJournalEntry({ atMs: 0, message: 'Stopping php8.2-fpm.service' })],
  } as const
  const facts = sampleFacts({
    fpm: [
      sampleDownFpm(
        { activeState: 'inactive', result: 'success', execMainExitedMs: null, inactiveEnterMs: null },
        { journal },
      ),
    ],
  })
  const start = remediations.find(({ id }) => id === 'start-service')!
  expect(start.draft(facts, { service: 'php8.2-fpm', startStopped: false })).toMatchObject({
    kind: 'refused',
    toDo: expect.stringContaining('--start-stopped') as string,
  })
  expect(start.draft(facts, { service: 'php8.2-fpm', startStopped: true })).toMatchObject({ kind: 'draft' })
})

test('nothing is reloaded whose configuration FPM refuses', () => {
  const configTest = { ok: true, value: { passes: false, exitCode: 78, says: [] } } as const
  for (const id of ['reload-fpm', 'make-reload-graceful']) {
    const remediation = remediations.find((each) => each.id === id)!
    expect(
      remediation.draft(sampleFacts({ fpm: [sampleFpm({ configTest })] }), {
        service: 'php8.2-fpm',
        deadlineMs: 20_000,
        graceS: 10,
      }),
    ).toMatchObject({ kind: 'refused' })
  }
})

test('an input that does not fit is answered with the fields there are', () => {
  const tune = remediations.find(({ id }) => id === 'tune-pool')!
  expect(inputFromWords(tune, ['pool'])).toMatchObject({
    ok: false,
    says: expect.stringContaining('name=value') as string,
  })
  expect(inputFromWords(tune, ['pool=php8.2-fpm/www', 'maxChildren=0'])).toMatchObject({
    ok: false,
    says: expect.stringContaining('maxChildren') as string,
  })
})
