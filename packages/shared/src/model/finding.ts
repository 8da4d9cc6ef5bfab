/** What is wrong on a host, how bad it is, and where that was seen. */
import * as z from 'zod/mini'
import { HostId, Instant } from './ids.ts'
import { Problem } from './problem.ts'

/** Where something was seen and what it says there; a person can look it up again. */
export const Evidence = z.strictObject({
  source: z
    .string()
    .check(z.describe('Where to look again: a command or a file, e.g. `ss -xl` or `/var/log/nginx/error.log`.')),
  says: z.string().check(z.describe('What it says there, quoted or put in one sentence.')),
  at: z.optional(Instant),
  diff: z.optional(
    z
      .string()
      .check(z.describe('Unified diff of a file from what was loaded last to what it says now, secrets hidden.')),
  ),
})
export type Evidence = z.infer<typeof Evidence>

/** What a finding or a remediation is about: a service, a pool, a site … by name. */
export const Subject = z.strictObject({
  kind: z.enum(['service', 'pool', 'site', 'host', 'workload']),
  name: z
    .string()
    .check(
      z.describe('`php8.2-fpm`, `php8.2-fpm/www`, `shop.example`, the host id, `Deployment/shop` or `compose/web`.'),
    ),
})
export type Subject = z.infer<typeof Subject>

/**
 * cause: explains why requests fail now · consequence: fails because of a cause · risk: nothing broken yet ·
 * note: worth knowing, asks for nothing.
 */
export const Role = z.enum(['cause', 'consequence', 'risk', 'note'])
export type Role = z.infer<typeof Role>

/** A remediation that would clear a finding, with the input that fits this host. */
export const SuggestedRemediation = z.strictObject({
  id: z.string(),
  input: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})
export type SuggestedRemediation = z.infer<typeof SuggestedRemediation>

export const Finding = z.strictObject({
  diagnosis: z.string().check(z.describe('Permanent id of the diagnosis, e.g. `pool-exhausted`.')),
  role: Role,
  subject: Subject,
  says: z.string().check(z.describe('One sentence a person can read aloud.')),
  evidence: z.array(Evidence),
  explainedBy: z.optional(
    z.string().check(z.describe('The diagnosis that explains this one, when its role is consequence.')),
  ),
  remediations: z.array(SuggestedRemediation),
  withoutRemediation: z.optional(
    z.string().check(z.describe('Why nothing is suggested, or the exact steps for a person.')),
  ),
})
export type Finding = z.infer<typeof Finding>

export const CouldNotTell = z.strictObject({
  what: z.string().check(z.describe('What could not be judged.')),
  why: z.string().check(z.describe('What was unreadable, timed out or not understood.')),
})
export type CouldNotTell = z.infer<typeof CouldNotTell>

/** failing: a request fails now · at-risk: everything answers, but a risk holds · healthy: neither. */
export const HostStatus = z.enum(['healthy', 'at-risk', 'failing'])
export type HostStatus = z.infer<typeof HostStatus>

/** A real request for one site, made just now: over HTTP through nginx, or over FastCGI as nginx would make it. */
export const SiteProbe = z.strictObject({
  site: z.string().check(z.describe('The `server_name`; without nginx the pool, `php-fpm/www`.')),
  over: z.enum(['http', 'fastcgi']),
  says: z.string().check(z.describe('e.g. `GET / → 502 in 1 ms`.')),
  status: z.optional(z.int()),
  upstream: z.optional(z.string().check(z.describe('The FastCGI address, e.g. `unix:/run/php/php8.2-fpm.sock`.'))),
  errno: z.optional(
    z.string().check(z.describe('Why connecting failed: `ENOENT`, `ECONNREFUSED`, `EACCES`, `EAGAIN` …')),
  ),
  passed: z.boolean().check(z.describe('False for 5xx, a refused connection or no answer in time.')),
  tookMs: z.number(),
})
export type SiteProbe = z.infer<typeof SiteProbe>

/** One host's answer to `diagnose`. `outcome` says whether the host could be asked at all. */
export const HostDiagnosis = z.strictObject({
  host: HostId,
  outcome: z.enum(['diagnosed', 'unreachable', 'timed-out', 'refused']),
  status: z.optional(HostStatus),
  probes: z.array(SiteProbe),
  findings: z.array(Finding),
  couldNotTell: z.array(CouldNotTell),
  says: z.optional(
    z.string().check(z.describe('Why the host could not be asked, when the outcome is not `diagnosed`.')),
  ),
  code: z.optional(Problem.shape.code.check(z.describe('The same as a permanent code.'))),
  tookMs: z.number(),
})
export type HostDiagnosis = z.infer<typeof HostDiagnosis>

/** The document printed by `diagnose --json`. */
export const DiagnosisDocument = z.strictObject({
  format: z.literal('fleetmend.diagnosis/1'),
  hosts: z.array(HostDiagnosis),
})
export type DiagnosisDocument = z.infer<typeof DiagnosisDocument>

/** What `diagnose --files` found in files for containers. failing: with these files, requests cannot be answered. */
export const FilesDiagnosis = z.strictObject({
  files: z.array(z.string()).check(z.describe('As they were given.')),
  status: HostStatus,
  workloads: z.array(z.string()).check(z.describe('What runs nginx or PHP-FPM: `Deployment/shop`, `compose/web`.')),
  findings: z.array(Finding),
  couldNotTell: z.array(CouldNotTell),
})
export type FilesDiagnosis = z.infer<typeof FilesDiagnosis>

/** The document printed by `diagnose --files --json`. */
export const FilesDiagnosisDocument = z.strictObject({
  format: z.literal('fleetmend.files-diagnosis/1'),
  ...FilesDiagnosis.shape,
})
export type FilesDiagnosisDocument = z.infer<typeof FilesDiagnosisDocument>
