import { describe, expect, test } from 'vitest'
import { amongStandIns, mayMakeNamespaces } from './stand-in-tools.ts'
import { tellSystemd } from './systemd.ts'

/** Says what it was told as if it were an error, which our callers pass on; the service `up` it takes care of. */
const systemctl = `#!${process.execPath}
const args = process.argv.slice(2)
if (args.includes('up.service')) process.exit(0)
if (args.includes('long.service')) console.error('x'.repeat(2000))
else if (args.includes('stuck.service')) setInterval(() => {}, 1000)
else console.error(args.join('|'))
process.exitCode = 5
`

async function doneAmongStandIns(expression: string, tools: Readonly<Record<string, string>> = { systemctl }) {
  return amongStandIns(
    tools,
    `import { reloadUnitFiles, tellSystemd } from '${import.meta.dirname}/systemd.ts'
     export default await ${expression}`,
  )
}

describe.skipIf(!mayMakeNamespaces)('systemctl', () => {
  test.each(['start', 'stop', 'restart', 'reset-failed', 'enable', 'unmask'])(
    'is told to %s a service, whatever its name',
    async (verb) => {
      const told = `--no-ask-password|${verb}|--|--now.service`
      const says = `systemctl ${verb} --now failed with 5: ${told}`
      expect(await doneAmongStandIns(`tellSystemd('${verb}', '--now', 15_000)`)).toEqual({ ok: false, says })
    },
  )

  test('is told what holds until the next boot', async () => {
    const says = 'systemctl --runtime unmask now failed with 5: --no-ask-password|--runtime|unmask|--|now.service'
    expect(await doneAmongStandIns("tellSystemd('unmask-runtime', 'now', 15_000)")).toEqual({ ok: false, says })
  })

  test('is told to read the unit files again', async () => {
    const says = 'systemctl daemon-reload failed with 5: --no-ask-password|daemon-reload'
    expect(await doneAmongStandIns('reloadUnitFiles()')).toEqual({ ok: false, says })
  })

  test('has done it when it ends with 0', async () => {
    expect(await doneAmongStandIns("tellSystemd('start', 'up', 15_000)")).toEqual({ ok: true })
  })

  test('is quoted, but not for pages', async () => {
    const says = `systemctl stop long failed with 5: ${'x'.repeat(500)}`
    expect(await doneAmongStandIns("tellSystemd('stop', 'long', 15_000)")).toEqual({ ok: false, says })
  })

  test('is given up on in time', async () => {
    const says = 'systemctl gave no answer in 0.3 s'
    expect(await doneAmongStandIns("tellSystemd('stop', 'stuck', 300)")).toEqual({ ok: false, says })
  })
})

test('a service that is not there cannot be stopped, with systemd or without it', async () => {
  const done = await tellSystemd('stop', 'fleetmend-no-such-service', 15_000)
  const says = expect.stringMatching(/^systemctl (stop fleetmend-no-such-service failed with \d+: .|is not installed)/)
  expect(done).toEqual({ ok: false, says })
})
