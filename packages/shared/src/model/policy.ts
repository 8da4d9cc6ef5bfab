/**
 * What a host lets be done to it, whoever asks: `/etc/fleetmend/policy.yaml`, which only root on that host can write
 * (DESIGN D4, D5). Every key may be left out; what is said of each here is what the packaged example says.
 */
import * as z from 'zod/mini'

/** Hours of a clock, so that they read the same in every country. */
const TimeOfDay = z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "22:00"'))

export const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
export type Weekday = z.infer<typeof Weekday>

export const MaintenanceWindow = z.strictObject({
  days: z.array(Weekday).check(z.minLength(1), z.describe('The days on which it opens.')),
  from: TimeOfDay.check(z.describe('When it opens, as "22:00".')),
  to: TimeOfDay.check(
    z.describe('When it closes. Not later than `from`: on the next day, so that the same time is a whole day.'),
  ),
})
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>

export const mostApprovals = 10
const people = z.int().check(z.minimum(1), z.maximum(mostApprovals))

const Approvals = z.strictObject({
  ordinary: z._default(people, 1).check(z.describe('For plans that edit, reload, or start what is down by itself.')),
  restarts: z
    ._default(people, 2)
    .check(z.describe('For plans that restart or unmask a service, or start what a person stopped.')),
  requesterMayApprove: z
    ._default(z.boolean(), true)
    .check(
      z.describe('Whether whoever asked for it counts. false: they sign the request, and others must have approved.'),
    ),
  breakGlass: z
    ._default(z.boolean(), true)
    .check(
      z.describe(
        'Whether one person may go ahead alone, for a signed reason. Only those whose line in approvers names ' +
          'fleetmend-break-glass@v1; all other brakes hold.',
      ),
    ),
  grants: z
    ._default(z.boolean(), true)
    .check(z.describe('Whether what as many people signed in advance for runbooks counts. This host keeps the count.')),
})

/** What a plan can do at worst; each asks for its own number of approvals. */
export type RiskClass = 'ordinary' | 'restarts'

const Maintenance = z.strictObject({
  timeZone: z
    ._default(z.enum(['host', 'UTC']), 'host')
    .check(z.describe('Whose clock the windows go by: host is the zone of /etc/localtime.')),
  windows: z
    ._default(z.array(MaintenanceWindow).check(z.maxLength(50)), [])
    .check(
      z.describe(
        'An apply begins only while one of them is open, such as {days: [mon, tue], from: "22:00", to: "05:00"}, the ' +
          'night after each; none: at any time. What has begun may end later.',
      ),
    ),
})

/** As it stands in the first line of a request (RFC 9112): no blanks, nothing to decode. */
const ProbePath = z.string().check(z.regex(/^\/[!-"$-~]{0,500}$/, 'must be a path such as /health.php'))

const RemediationId = z.string().check(z.regex(/^[a-z]+(-[a-z]+)*$/, 'must be the id of a remediation'))

export const Policy = z.strictObject({
  remediations: z
    ._default(
      z.union([z.literal('all'), z.array(RemediationId)], 'must be the word all, or a list of ids of remediations'),
      'all',
    )
    .check(z.describe('What may be applied on this host: all, or a list of ids such as [reload-fpm, tune-pool].')),
  approvals: z
    ._default(Approvals, z.parse(Approvals, {}))
    .check(
      z.describe(
        'How many people must have signed, each with a key in /etc/fleetmend/approvers, and what else counts. Root at ' +
          'this host needs none.',
      ),
    ),
  plansLastMinutes: z
    ._default(z.int().check(z.minimum(5), z.maximum(10_080)), 60)
    .check(
      z.describe(
        'How long after it was made a plan may be carried out, and so be approved: time to find people at night, or to ' +
          'wait for a maintenance window. What a plan rests on is compared again before anything is written.',
      ),
    ),
  changesPerHour: z
    ._default(z.int().check(z.minimum(1), z.maximum(1000)), 6)
    .check(
      z.describe(
        'How many applies may begin in any 60 minutes. Beyond that no approval begins one; root at this host is told.',
      ),
    ),
  coolDownMinutes: z
    ._default(z.int().check(z.minimum(0), z.maximum(1440)), 5)
    .check(
      z.describe(
        'How long the same remediation waits before it is applied to the same service, pool or site again. What did not ' +
          'help will not help at once, and what helps for a minute needs a person: root at this host is told. 0: it does ' +
          'not wait.',
      ),
    ),
  maintenance: z._default(Maintenance, z.parse(Maintenance, {})).check(z.describe('When changes may begin.')),
  canaryPaths: z
    ._default(z.record(z.string(), ProbePath), {})
    .check(
      z.describe(
        'What a site is asked for over HTTP to see whether it answers, by server_name, such as {shop.example: ' +
          '/health.php}; it should be something that PHP answers. All others are asked for /.',
      ),
    ),
})
export type Policy = z.infer<typeof Policy>
