/**
 * A fleet of hosts that are in it as if each had been let in by itself: a key of its own, a certificate by the controller's
 * authority, its record and its key pinned. Made in the controller's folder before the controller starts, many at a time.
 */
import { generateKeyPair, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemTimers, type HostId } from '@fleetmend/shared'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { openCertificateAuthority } from '../../packages/controller/src/identity/certificate-authority.ts'
import { appendRecord } from '../../packages/controller/src/store/audit-records.ts'
import { pinHost } from '../../packages/controller/src/store/host-audits.ts'
import { hostTrusts, putHost } from '../../packages/controller/src/store/hosts.ts'
import { openStore } from '../../packages/controller/src/store/open-store.ts'
import { beginRecord } from '../../packages/controller/src/audit/record.ts'

export interface FleetMade {
  readonly hosts: readonly HostId[]
  /** Of the fleet's authority; the same that hosts have. */
  readonly authority: string
  /** A server of the same authority, for what Fleetmend is held against. */
  readonly server: { readonly chain: string; readonly key: string }
  /** Somebody who may connect, for what Fleetmend is held against. */
  readonly client: { readonly certificate: string; readonly key: string }
  /** Where a group of hosts reads who they are; as many files as processes. */
  readonly identityFiles: readonly string[]
}

export interface FleetWanted {
  readonly dataFolder: string
  readonly folder: string
  readonly url: string
  readonly hosts: number
  /** Processes that hosts are spread over. */
  readonly processes: number
}

const atATime = 250
const os = 'Debian GNU/Linux 12 (bookworm)'

export async function makeFleet({ dataFolder, folder, url, hosts, processes }: FleetWanted): Promise<FleetMade> {
  const opened = await openStore({ folder: dataFolder, timers: systemTimers })
  if (!opened.ok) throw new Error(opened.says)
  const { database } = opened
  const nowMs = Date.now()
  const at = new Date(nowMs).toISOString()
  const made = await openCertificateAuthority(dataFolder, nowMs)
  if (!made.ok) throw new Error(made.says)
  const authority = made.value
  await beginRecord(database, { nowMs: () => nowMs }, authority.fleet)
  const names = Array.from({ length: hosts }, (_, n) => `web-${String(n).padStart(5, '0')}`)
  const identities: Identity[] = []
  for (let from = 0; from < hosts; from += atATime) {
    const members = await Promise.all(
      names.slice(from, from + atATime).map(async (host) => {
        const { privateKey, publicKey } = await newKey()
        return { host, privateKey, publicKey, ...(await authority.issueClientCertificate(host, publicKey, nowMs)) }
      }),
    )
    await database.transaction().execute(async (transaction) => {
      for (const { host, publicKey, keyFingerprint, fingerprint, expiresAt } of members) {
        await putHost(transaction, {
          ...{ id: host, labels: { role: 'web' }, os, agentVersion: '0.1.0', keyFingerprint },
          ...{ certificateFingerprint: fingerprint, certificateExpiresAt: expiresAt },
          ...{ ssh: null, enrolledAt: at, lastSeenAt: null },
        })
        await hostTrusts(transaction, host, [authority.fingerprint])
        const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
        const insteadOf = await pinHost(transaction, host, key)
        await appendRecord(transaction, { type: 'host-enrolled', host, publicKey: key, insteadOf }, at)
      }
    })
    for (const { host, privateKey, certificate, expiresAt } of members)
      identities.push({
        ...{ format: 'fleetmend.identity/1', host, fleet: authority.fleet, url },
        ...{ key: privateKey.export({ format: 'pem', type: 'pkcs8' }), certificate },
        ...{ authority: authority.certificate, issuedAt: at, expiresAt },
      })
  }
  const [client] = identities
  if (!client) throw new Error('A fleet without hosts.')
  const { chain, key } = await authority.issueServerCertificate(['127.0.0.1', 'localhost'], nowMs)
  await database.destroy()
  const identityFiles = await Promise.all(
    Array.from({ length: processes }, async (_, n) => {
      const path = join(folder, `identities-${n}.json`)
      await writeFile(path, JSON.stringify(identities.filter((__, index) => index % processes === n)))
      return path
    }),
  )
  return { hosts: names, authority: authority.certificate, server: { chain, key }, client, identityFiles }
}

async function newKey(): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> {
  return promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
}
