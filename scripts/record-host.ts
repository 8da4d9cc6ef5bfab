/**
 * `npm run record-host [NAME …]`: injects faults that this machine's kernel cannot produce on a virtual machine, and keeps what the
 * agent saw there under fixtures/hosts/. With names only faults whose id contains one of them; a name of a fault that
 * test hosts can have is injected on one of these, which checks the recording itself. Needs qemu-system-x86 and root.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '@fleetmend/shared'
import { installAgent } from '../test/lab/agent-bundle.ts'
import { openLab } from '../test/lab/lab.ts'
import { putRecorder, recorderBundle, recordLook } from '../test/lab/recording/recorder.ts'
import { foundBy, recordedNames, writeRecord } from '../test/lab/recording/recordings.ts'
import { until } from '../test/lab/until.ts'
import { virtualImage } from '../test/lab/virtual-image.ts'
import { startVirtualMachine } from '../test/lab/virtual-machine.ts'
import { loadFaults, loadRecordedFaults } from '../test/live/faults/catalogue.ts'
import type { Fault, RecordedFault } from '../test/live/faults/fault.ts'
import { hostOf, namesOf, untilServing, type AnyHost } from '../test/live/faults/host-kit.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** An emulated processor takes its time. */
const lookLimitMs = 5 * 60_000
const showLimitMs = 3 * 60_000

const names = process.argv.slice(2)
const wanted = (id: string) => names.length === 0 || names.some((name) => id.includes(name))
const recordedBefore = new Set(recordedNames())
const onLab = (await loadFaults()).filter(({ id }) =>
  names.length === 0 ? recordedBefore.has(id) : names.includes(id),
)
const onVirtual = (await loadRecordedFaults()).filter(({ id }) => wanted(id))

spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
const bundle = await recorderBundle()
for (const kernel of ['selinux', 'apparmor'] as const)
  await recordVirtual(
    kernel,
    onVirtual.filter((fault) => fault.kernel === kernel),
  )
for (const fault of onLab) await recordLab(fault)

/** Booted once; each fault begins where all is well. */
async function recordVirtual(kernel: RecordedFault['kernel'], faults: readonly RecordedFault[]): Promise<void> {
  if (faults.length === 0) return
  await using machine = await startVirtualMachine(await virtualImage(say), { kernel })
  await installAgent((argv, options) => machine.must(argv, options))
  // Debian's policy lets nobody make memory executable, which Node does; others let root's services.
  if (kernel === 'selinux') await machine.must(['setsebool', 'allow_execmem', 'on'])
  const host: AnyHost = { ...machine, ...namesOf('debian12') }
  await putRecorder(host, bundle)
  // What is read from its disk for the first time takes longer than the agent waits.
  await machine.run(['/usr/bin/fleetmend-agent', 'diagnose'], { limitMs: lookLimitMs })
  await machine.remember()
  for (const fault of faults) {
    await record(
      host,
      fault,
      () => fault.inject(host),
      fault.shows && (async () => (await fault.shows?.(host)) ?? true),
    )
    await machine.goBack()
  }
}

async function recordLab(fault: Fault): Promise<void> {
  await using lab = await openLab()
  const host = hostOf(await lab.boot({ name: 'web-1' }), 'debian12')
  await host.installAgent()
  await putRecorder(host, bundle)
  await record(host, fault, () => fault.inject(host), fault.shows && (async () => (await fault.shows?.(host)) ?? true))
}

async function record(
  host: AnyHost,
  fault: Fault | RecordedFault,
  inject: () => Promise<AsyncDisposable | void>,
  shows: (() => Promise<boolean>) | undefined,
): Promise<void> {
  await untilServing(host)
  const going = await inject()
  try {
    if (shows) await until(shows, `${fault.id} to show`, showLimitMs)
    const within = fault.within?.(host) ?? []
    const { record: recorded, diagnosis } = await recordLook(host, { within, limitMs: lookLimitMs })
    const found = foundBy(diagnosis)
    writeRecord(fault.id, recorded, found)
    say(`${fault.id}: ${found.findings.map(({ diagnosis: id, role }) => `${id} (${role})`).join(', ')}`)
  } catch (error) {
    say(`${fault.id} could not be recorded: ${String(error)}`)
    process.exitCode = exitCodes.someFailed
  } finally {
    await going?.[Symbol.asyncDispose]()
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
