/** What somebody may copy from the help of each command. A test parses all of them as the command line would. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'

const run = 'r-20261121-031455-41bd'
const digest = `sha256:${'9f3c'.repeat(16)}`

/** By the words of the command, without the program's name in front. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  fix: ['fix -l role=web', 'fix --ssh web-1', 'fix -l role=web --canary 2 --batch 1,5,20% --between 10m'],
  diagnose: [
    'diagnose -l role=web',
    'diagnose --ssh web-1 web-2',
    'diagnose --files compose.yaml',
    'diagnose --explain fpm-crashed',
  ],
  plan: ['plan -l role=web,env!=staging', 'plan web-1 --do tune-pool --input pool=php8.2-fpm/www'],
  approve: [`approve ${run}`, `approve ${run} --digest ${digest} --key ~/.ssh/id_ed25519 --yes`],
  deny: [`deny ${run} --reason "not before the sale is over"`],
  apply: [`apply ${run}`, `apply ${run} --jsonl`],
  'runs list': ['runs list --limit 5'],
  'runs show': [`runs show ${run}`, `runs show ${run} --host web-7`],
  'runs watch': [`runs watch ${run}`],
  'runs pause': [`runs pause ${run} --reason "look at web-7 first"`],
  'runs resume': [`runs resume ${run}`],
  'runs promote': [`runs promote ${run} --group ${digest}`],
  'runs abort': [`runs abort ${run} --reason "the wrong hosts"`],
  'runs retry': [`runs retry ${run}`],
  'runs rollback': [
    `runs rollback ${run}`,
    `runs rollback ${run} web-7 --plan-only --reason "checkout is slower with it"`,
    `runs rollback ${run} -l zone=a --canary 2 --batch 50%`,
  ],
  request: [`request ${run}`],
  'break-glass': [`break-glass ${run} --reason "all shops are down, nobody else answers"`],
  'grants sign': [
    'grants sign night.grant --do reload-fpm --any service --host web-1 --per-hour 2 --reason "reloads at night"',
  ],
  'grants show': ['grants show night.grant'],
  'grants verify': ['grants verify night.grant --approvers approvers'],
  'hosts list': ['hosts list -l role=web'],
  'hosts invite': ['hosts invite --label role=web'],
  'hosts add': ['hosts add web-7 --ssh web-7.example'],
  'hosts remove': ['hosts remove web-7'],
  'agent install': ['agent install --ssh web-1 web-2 --label role=web --dry-run'],
  'agent uninstall': ['agent uninstall --ssh web-1'],
  'audit list': ['audit list --host web-7 --since 12h'],
  'audit export': ['audit export > record.jsonl', `audit export --run ${run} --approval 1`],
  'audit verify': ['audit verify record.jsonl --approvers /etc/fleetmend/approvers'],
  'audit accept': ['audit accept web-7 --reason "its disk was brought back from a copy"'],
  login: ['login wss://controller.example:8443'],
  logout: ['logout'],
  whoami: ['whoami'],
  'tokens create': ['tokens create --name ana --role operator --expires 30d'],
  'tokens list': ['tokens list'],
  'tokens revoke': ['tokens revoke --name ana'],
  'controller serve': [
    'controller serve --approvers /etc/fleetmend/approvers --public-url wss://controller.example:7443',
    'controller serve --api-listen 0.0.0.0:8443 --api-url wss://controller.example:8443',
  ],
  'controller move-store': [
    'controller move-store --to database --database-file /etc/fleetmend/database-url',
    'controller move-store --to file --database-file /etc/fleetmend/database-url',
  ],
  'controller backup': ['controller backup /var/backups/fleetmend-monday.sqlite'],
  'controller renew-ca': ['controller renew-ca'],
  completion: ['completion bash', 'completion zsh'],
  complete: ['complete -- runs sh'],
}

const shownOfGroup = 4

/** A command that only has others shows the first of each. */
export function withExamples(command: CommandUnknownOpts, words: readonly string[] = []): void {
  const shown = examplesOf(command, words)
  if (shown.length > 0)
    command.addHelpText(
      'after',
      [`\nExample${shown.length === 1 ? '' : 's'}:`, ...shown.map((line) => `  fleetmend ${line}`)].join('\n'),
    )
  for (const each of command.commands) withExamples(each, [...words, each.name()])
}

function examplesOf(command: CommandUnknownOpts, words: readonly string[]): readonly string[] {
  const own = examples[words.join(' ')]
  if (own || command.commands.length === 0) return own ?? []
  return command.commands.flatMap((each) => examplesOf(each, [...words, each.name()])[0] ?? []).slice(0, shownOfGroup)
}
