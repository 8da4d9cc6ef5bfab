/**
 * Eight real hosts, read and repaired by `fleetmend` as it is typed, by Ansible (pipelining, forks 50, no facts) and by
 * clush, both over connections of SSH that are open already; on the same hosts, in turns. The same reads: all that a
 * diagnosis reads of such a host, made of the record of a look at one of them; the others only fetch it, and Fleetmend says
 * what is wrong, too. The same repair: a deployment has told nginx of a socket that nobody listens on, everywhere; a line is
 * put right and nginx is reloaded. The others are told so; Fleetmend finds it out, shows a plan, has it signed, looks again.
 * Goals: the reads 50 × faster than Ansible's check and 5 × faster than one clush command; the repair, up to the first
 * answer that was verified, 5 × faster than the playbook. CPU is that of the whole machine, hosts included.
 */
import { bootEightHosts } from './real/eight-hosts.ts'
import { measureReads } from './real/reads.ts'
import { measureRepair } from './real/repair.ts'
import { rivalVersions } from './real/rivals.ts'

const versions = await rivalVersions()
await using eight = await bootEightHosts()
process.stdout.write(`Beside ${versions.join(', ')}.\n\n`)
await measureReads(eight)
process.stdout.write('\n')
await measureRepair(eight)
