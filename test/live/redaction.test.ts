/**
 * Secrets of more than fifty kinds in configuration, logs, requests and units of a real host. Whatever the product then
 * writes on the host, its controller and the screen is searched for each of them; only the sealed folder may hold any.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ApplyDocument, DiagnosisDocument, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { markerOf, sampleSecrets, type SampleSecret } from '../../packages/agent/src/redaction/sample-secrets.ts'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openFleet, type Fleet } from '../lab/fleet.ts'
import { killFpm } from '../lab/kill-fpm.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { until } from '../lab/until.ts'

const unit = 'php8.2-fpm'
const pool = '/etc/php/8.2/fpm/pool.d/www.conf'
const main = '/etc/php/8.2/fpm/php-fpm.conf'
const site = '/etc/nginx/sites-available/default'
const state = '/var/lib/fleetmend'

const secrets = sampleSecrets.map((secret, index) => ({ ...secret, marker: markerOf(index) }))
/** Of these files no sample stands in a directive: those that hold nothing but secrets, and what scripts print. */
const besides = ['zqhtpasswd1', 'zqenvironmentfile2', 'zqtorn3', 'zqlicence4', 'zqsudo5', 'zqbadvalue6']
const markers = [...secrets.map(({ marker }) => marker), ...besides]

const textsIn = (...places: readonly SampleSecret['in'][]): readonly string[] =>
  secrets.filter((secret) => places.includes(secret.in)).map((secret) => secret.text(secret.marker))
const linesIn = (place: SampleSecret['in']): string => textsIn(place).join('\n')

describe.skipIf(await hostsAreImpossible())('a host full of secrets, and its controller', () => {
  let lab: Lab
  let host: LiveHost
  let fleet: Fleet
  let shipped: { readonly pool: string; readonly main: string; readonly site: string }
  /** What it said, by how it was asked. */
  const said: { readonly by: string; readonly text: string }[] = []

  beforeAll(async () => {
    lab = await openLab()
    host = await lab.boot({ name: 'web-1' })
    shipped = { pool: await host.readFile(pool), main: await host.readFile(main), site: await host.readFile(site) }
    fleet = await openFleet(lab.address)
    await plant()
    await fleet.add(host)
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    await lab?.[Symbol.asyncDispose]()
  })

  async function plant(): Promise<void> {
    // What a script says that the configuration hides is known by its value alone.
    const known = secrets.find(({ kind }) => kind === 'a value that the configuration hides')?.marker
    await host.writeFile(pool, `${shipped.pool}\nenv[SHOP_PASSWORD] = ${known}\n${linesIn('pool')}\n`)
    await host.must(['mkdir', '-p', `/etc/systemd/system/${unit}.service.d`])
    const dropIn = `[Service]\nEnvironmentFile=/etc/default/shop\n${linesIn('unit')}\n`
    await host.writeFile(`/etc/systemd/system/${unit}.service.d/shop.conf`, dropIn)
    await host.writeFile('/etc/default/shop', 'SHOP_KEY=zqenvironmentfile2\n')
    await host.writeFile('/etc/nginx/htpasswd', 'shop:{PLAIN}zqhtpasswd1\n')
    await host.writeFile('/etc/nginx/conf.d/maps.conf', `${linesIn('nginx-http')}\n`)
    await host.writeFile(site, siteWith(`${linesIn('nginx-server')}\n`, `${linesIn('nginx-php')}\n`))
    // Its front page says on demand what applications say when they fail.
    await host.writeFile(
      '/var/www/html/index.php',
      '<?php\n$says = @file_get_contents("/var/www/says");\nif ($says) throw new RuntimeException($says);\necho "shop\\n";\n',
    )
    await host.must(['systemctl', 'daemon-reload'])
    await host.must([`php-fpm8.2`, '-t'])
    await host.must(['systemctl', 'restart', unit])
    await host.must(['nginx', '-t'])
    await host.must(['systemctl', 'reload', 'nginx'])
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to serve')
  }
  function siteWith(inServer: string, inPhp: string): string {
    const auth = 'location /admin { auth_basic "Admin"; auth_basic_user_file /etc/nginx/htpasswd; }\n'
    return shipped.site
      .replace('root /var/www/html;', () => `root /var/www/html;\n${auth}${inServer}`)
      .replace('fastcgi_pass', () => `${inPhp}fastcgi_pass`)
  }

  async function agent(...args: readonly string[]): Promise<string> {
    const ran = await host.agent(...args)
    said.push({ by: args.join(' '), text: ran.stdout + ran.stderr })
    return ran.stdout
  }
  async function controller(...args: readonly string[]): Promise<string> {
    const ran = await fleet.cli(args)
    said.push({ by: `fleetmend ${args.join(' ')}`, text: ran.stdout + ran.stderr })
    return ran.stdout
  }
  async function diagnosed(): Promise<readonly string[]> {
    await agent('diagnose')
    const { hosts } = JSON.parse(await agent('diagnose', '--json')) as DiagnosisDocument
    return hosts[0]?.findings.map(({ diagnosis }) => diagnosis) ?? []
  }
  async function planned(...args: readonly string[]): Promise<string> {
    await agent('plan', ...args, '--watch', '0')
    const { plans } = JSON.parse(await agent('plan', ...args, '--watch', '0', '--json')) as PlanDocument
    return plans[0]?.digest ?? `no plan: ${said.at(-1)?.text}`
  }
  async function applied(digest: string): Promise<ApplyDocument['applies'][number]> {
    const { applies } = JSON.parse(await agent('apply', digest, '--json')) as ApplyDocument
    return applies[0]!
  }
  async function visitors(): Promise<void> {
    const headers = Object.fromEntries(textsIn('header').map((line) => [line.slice(0, line.indexOf(':')), line]))
    const values = Object.entries(headers).map(([name, line]) => [name, line.slice(name.length + 2)] as const)
    for (const path of textsIn('request')) await host.curl(path, { headers: Object.fromEntries(values) })
    // Of two headers with one name only the last was sent.
    for (const line of textsIn('header')) {
      const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
      await host.curl('/shop.php', { headers: { [name]: value } })
    }
  }

  test('everything it is asked to do, it does', { timeout: 240_000 }, async () => {
    expect(await diagnosed()).not.toContain('fpm-killed')
    // Every way in which an application can blurt a secret out, one after the other.
    for (const text of textsIn('php-message', 'words')) {
      await host.writeFile('/var/www/says', text)
      await host.curl('/')
      const { hosts } = JSON.parse(await agent('diagnose', '--json')) as DiagnosisDocument
      expect(hosts[0]?.findings.map(({ diagnosis }) => diagnosis)).toContain('fatal-errors')
    }
    await host.must(['rm', '/var/www/says'])

    // Somebody stopped it, with a command that holds a password; visitors go on asking.
    await host.must(['useradd', '--create-home', 'alice'])
    await host.must(['dd', 'of=/etc/sudoers.d/alice', 'status=none'], { input: 'alice ALL=(ALL) NOPASSWD: ALL\n' })
    const stop = `MYSQL_PWD=zqsudo5 systemctl stop ${unit}`
    await host.must(['runuser', '--user', 'alice', '--', 'sudo', 'sh', '-c', stop])
    await visitors()
    expect(await diagnosed()).toContain('fpm-stopped')
    const start = await planned('start-service', '--input', `service=${unit}`, '--start-stopped')
    expect(await applied(start)).toMatchObject({ outcome: 'fixed' })

    // Edits in the middle of secrets, a few lines of them at a time.
    const lines = textsIn('pool')
    for (let at = 0; at < lines.length; at += 4) {
      const text = shipped.pool.replace(
        /^pm\.max_children = .*$/m,
        (line) => `${lines.slice(at, at + 2).join('\n')}\n${line}\n${lines.slice(at + 2, at + 4).join('\n')}`,
      )
      await host.writeFile(pool, text)
      await planned('tune-pool', '--input', `pool=${unit}/www`, '--input', 'maxChildren=8')
      expect(said.at(-1)?.text).toContain('+pm.max_children = 8')
    }
    const grown = await applied(await planned('tune-pool', '--input', `pool=${unit}/www`, '--input', 'maxChildren=8'))
    expect(grown).toMatchObject({ outcome: 'fixed' })
    await agent('rollback', grown.apply)

    // Refused: a file that was edited since, and a configuration that FPM does not take.
    const stale = await planned('make-reload-graceful', '--input', `service=${unit}`)
    await host.writeFile(main, `${shipped.main}; the password of the database is ${markers[0]}\n`)
    expect(await applied(stale)).toMatchObject({ outcome: 'refused' })
    const broken = await planned('make-reload-graceful', '--input', `service=${unit}`)
    await host.writeFile(pool, `${shipped.pool}\nenv[SHOP] = a(zqbadvalue6\nphp_value[newrelic.license = zqlicence4\n`)
    expect(await applied(broken)).toMatchObject({ outcome: 'refused' })
    expect(await diagnosed()).toContain('config-latent-invalid')
    await host.writeFile(pool, shipped.pool)
    await host.writeFile(site, siteWith('', 'fastcgi_param DB_PASS a;zqtorn3;\n'))
    expect(await diagnosed()).not.toEqual([])
    await host.writeFile(site, siteWith(`${linesIn('nginx-server')}\n`, `${linesIn('nginx-php')}\n`))

    // An act that fails, of a tool that says what only the configuration tells to be a secret.
    const known = secrets.find(({ kind }) => kind === 'a value that the configuration hides')!.marker
    await host.writeFile(pool, `${shipped.pool}\nenv[SHOP_PASSWORD] = ${known}\n`)
    await host.must(['systemctl', 'stop', unit])
    const again = await planned('start-service', '--input', `service=${unit}`, '--start-stopped')
    const systemctl = (await host.must(['readlink', '-f', '/usr/bin/systemctl'])).trim()
    await host.must(['mv', systemctl, `${systemctl}.real`])
    const script = `case "$*" in *" start "*) echo "nobody logs in with ${known} today" >&2; exit 1;; esac`
    await host.writeFile(systemctl, `#!/bin/sh\n${script}\nexec ${systemctl}.real "$@"\n`)
    await host.must(['chmod', '755', systemctl])
    expect(await applied(again)).toMatchObject({ outcome: 'not-fixed' })
    expect(said.at(-1)?.text).toContain('nobody logs in with ••••••')
    await host.must(['mv', `${systemctl}.real`, systemctl])
    await host.must(['systemctl', 'start', unit])
    await agent('history')
    await agent('history', '--json')

    // And the same through a controller, while FPM is dead.
    await host.writeFile(pool, `${shipped.pool}\n${linesIn('pool')}\n`)
    await killFpm(host)
    await visitors()
    await controller('diagnose')
    await controller('diagnose', '--json')
    // Refused or not: a start may ask for more approvals than there are here.
    await controller('fix', '--yes', '--key', fleet.key, '--watch', '0', '--reason', 'FPM is dead')
    await host.writeFile(main, shipped.main)
    await host.must(['systemctl', 'restart', unit])
    const asked = ['--do', 'make-reload-graceful', '--input', `service=${unit}`]
    await controller('fix', ...asked, '--yes', '--key', fleet.key, '--watch', '0', '--reason', 'before the night')
    expect(await host.readFile(main)).toMatch(/^process_control_timeout = /m)
    const { runs } = JSON.parse(await controller('runs', 'list', '--json')) as { runs: readonly { id: string }[] }
    await controller('runs', 'show', runs[0]!.id, '--json')
    await controller('runs', 'show', runs[0]!.id)
  })

  test('its secrets are where they were planted, and in the sealed folder', async () => {
    const places = ['/etc', '/var/log', '/run/log', '/var/www', `${state}/sealed`]
    const found = await host.run(['grep', '-rhoaE', markers.join('|'), ...places])
    const spoken = await host.run(['journalctl', '--no-pager', '-o', 'cat', '_COMM=sudo'])
    const seen = new Set(`${found.stdout}\n${spoken.stdout}`.match(new RegExp(markers.join('|'), 'g')))
    // Neither nginx nor systemd writes these anywhere: they were only sent, and only shown while they stood there.
    const passing = secrets.filter(({ in: place }) => place === 'header').map(({ marker }) => marker)
    const gone = [...passing, 'zqtorn3', 'zqbadvalue6', 'zqlicence4']
    expect(markers.filter((marker) => !seen.has(marker) && !gone.includes(marker))).toEqual([])
    const sealed = await host.run(['grep', '-rhoaE', markers.join('|'), `${state}/sealed`])
    expect(sealed.stdout.split('\n').length).toBeGreaterThan(5)
  })

  test('nothing of what it said on screens holds any', () => {
    expect(said.length).toBeGreaterThan(40)
    expect(leaks(said)).toEqual([])
  })

  test('nothing that it wrote on the host holds any', async () => {
    const search = ['grep', '-raoE', markers.join('|'), state, '/run/fleetmend', '/etc/fleetmend']
    const found = await host.run([...search, `--exclude-dir=sealed`])
    expect(found.stdout).toBe('')
    const units = ['fleetmend-agent.service', 'fleetmend-apply-*', 'fleetmend-recover.service']
    const journal = await host.must([
      'journalctl',
      '--no-pager',
      '-o',
      'json',
      ...units.map((each) => `--unit=${each}`),
    ])
    expect(journal).toContain('fleetmend')
    expect(leaks([{ by: 'journal', text: journal }])).toEqual([])
  })

  test("nothing in the controller's database and log holds any", () => {
    const files = readdirSync(fleet.folder, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => join(each.parentPath, each.name))
    const texts = files.map((path) => ({ by: path, text: readFileSync(path, 'latin1') }))
    expect(texts.some(({ text }) => text.includes('restart-on-failure') || text.includes('start-service'))).toBe(true)
    expect(leaks(texts)).toEqual([])
  })

  /** Each with what kind it is, and the words around it. */
  function leaks(texts: readonly { readonly by: string; readonly text: string }[]): readonly string[] {
    return texts.flatMap(({ by, text }) =>
      markers.flatMap((marker) => {
        const at = text.indexOf(marker)
        const kind = secrets.find((secret) => secret.marker === marker)?.kind ?? 'beside'
        return at < 0 ? [] : [`${kind}: ${by}: …${text.slice(Math.max(0, at - 120), at + 40)}…`]
      }),
    )
  }
})
