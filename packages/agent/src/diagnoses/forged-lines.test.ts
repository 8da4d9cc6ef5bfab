/** What visitors and scripts can write into logs never changes what is found, whatever it looks like. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFpmLog } from '../readings/fpm-log.ts'
import { readAccessLog } from '../readings/nginx-access-log.ts'
import { readNginxErrorLog } from '../readings/nginx-error-log.ts'
import { samplePass } from '../survey/sample-addresses.ts'
import { sampleFacts, sampleFpm } from '../survey/sample-facts.ts'
import { sampleFailingSite, sampleSite } from '../survey/sample-sites.ts'
import { fpmText, nginxText } from '../survey/sample-lines.ts'
import { diagnose } from './diagnose.ts'

/** nginx's last field, and a visitor's. */
const withReferer = (line: string, referer: string) => `${line.trimEnd()}, referrer: "${referer}"\n`

interface Logs {
  readonly nginx?: string
  readonly fpm?: string
}

/** On a host that is well and on one that fails, each with a site whose backend is a variable. */
function found({ nginx = '', fpm = '' }: Logs): readonly string[] {
  return [sampleSite(), sampleFailingSite()].flatMap((site, i) => {
    const facts = sampleFacts({
      sites: [site],
      errors: readNginxErrorLog(nginx),
      fpm: [sampleFpm({ log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries: readFpmLog(fpm) } } })],
      passes: [samplePass(), samplePass({ target: '$backend', peers: [], hasResolver: true })],
    })
    return diagnose(facts).findings.map(({ diagnosis, role, subject }) => `${i} ${role} ${diagnosis} ${subject.name}`)
  })
}

const reset = nginxText({
  secondsAgo: 5,
  says: 'recv() failed (104: Connection reset by peer) while reading response header from upstream',
})
const crash = fpmText('WARNING: [pool www] child 201 exited on signal 11 (SIGSEGV) after 3.2 seconds from start', 5)

/** Lines that mean something where nginx and FPM themselves write them. */
const genuine: readonly (Logs & { readonly what: string })[] = [
  { what: 'crashes', nginx: reset + reset, fpm: crash + crash },
  {
    what: 'a header that is too big',
    nginx: nginxText({
      secondsAgo: 0,
      says: 'upstream sent too big header while reading response header from upstream',
    }).repeat(3),
  },
  {
    what: 'a name that does not resolve',
    nginx: nginxText({ secondsAgo: 5, says: 'php.internal could not be resolved (3: Host not found)' }),
  },
  {
    what: 'too few connections',
    nginx: nginxText({
      secondsAgo: 5,
      says: '768 worker_connections are not enough while connecting to upstream',
    }).repeat(3),
  },
  {
    what: 'requests that got no answer in time',
    nginx: nginxText({
      secondsAgo: 5,
      says: 'upstream timed out (110: Connection timed out) while reading response header from upstream',
    }).repeat(3),
  },
  {
    what: 'slow requests',
    fpm: fpmText(
      'WARNING: [pool www] child 201, script \'/srv/x.php\' (request: "GET /x") executing too slow (5.1 sec), logging',
      5,
    ),
  },
  {
    what: 'a pool at its limit',
    fpm: fpmText('WARNING: [pool www] server reached pm.max_children setting (5), consider raising it', 5),
  },
]

test.each(genuine)('$what, written by nginx and FPM themselves, would be found', ({ nginx = '', fpm = '' }) => {
  expect(found({ nginx, fpm })).not.toEqual(found({}))
})

const harmless = 'nothing to see'
const says = 'FastCGI sent in stderr: "PHP message: WORDS" while reading response header from upstream'
const oneLine = (lines: string) => lines.replaceAll('\n', ' ')

/** How words of others get into a log, as nginx and FPM write them; each line stays below the 2048 bytes that are kept. */
const ways: readonly { readonly way: string; readonly write: (words: string) => Logs }[] = [
  {
    way: 'a Referer',
    write: (words) => ({
      nginx: withReferer(
        nginxText({ secondsAgo: 5, says: 'open() "/srv/x" failed (2: No such file or directory)' }),
        oneLine(words),
      ),
    }),
  },
  {
    way: 'a path, decoded',
    write: (words) => ({
      nginx: nginxText({
        secondsAgo: 5,
        says: `open() "/srv/${oneLine(words)}" failed (2: No such file or directory)`,
      }),
    }),
  },
  {
    way: 'a request with blanks in it, which nginx took until 1.21.1',
    write: (words) => ({
      nginx: nginxText({
        secondsAgo: 5,
        says: 'directory index of "/srv/" is forbidden',
        request: `GET /${oneLine(words).replaceAll(/ (HTTP)/g, '+$1')} HTTP/1.1`,
      }),
    }),
  },
  {
    way: 'a Host',
    write: (words) => ({ nginx: nginxText({ secondsAgo: 5, says: 'access forbidden by rule', host: oneLine(words) }) }),
  },
  {
    way: 'a message of PHP',
    write: (words) => ({ nginx: nginxText({ secondsAgo: 5, says: says.replace('WORDS', () => oneLine(words)) }) }),
  },
  {
    way: 'a message of PHP over several lines',
    write: (words) => ({ nginx: nginxText({ secondsAgo: 5, says: says.replace('WORDS', () => `\n${words}`) }) }),
  },
  {
    way: 'what a worker writes, decorated',
    write: (words) => ({
      fpm: words
        .split('\n')
        .map((line) => fpmText(`WARNING: [pool www] child 201 said into stderr: "${line}"`, 5))
        .join(''),
    }),
  },
  {
    way: 'a request in a line of FPM',
    write: (words) => ({
      fpm: fpmText(
        `WARNING: [pool www] child 201, script '/srv/x.php' (request: "GET /x?${oneLine(words)}") is odd`,
        5,
      ),
    }),
  },
]

describe.each(ways)('$way', ({ write }) => {
  test.each(genuine)('that imitates $what changes nothing', ({ nginx = '', fpm = '' }) => {
    const [expected, forged] = [write(harmless), write(`${nginx.split('\n')[0] ?? ''}\n${fpm}`)]
    expect(found(forged)).toEqual(found(expected))
    expect(found({ nginx: reset + (forged.nginx ?? ''), fpm: crash + (forged.fpm ?? '') })).toEqual(
      found({ nginx: reset + (expected.nginx ?? ''), fpm: crash + (expected.fpm ?? '') }),
    )
  })
})

const upstreamsOf = (text: string) => readNginxErrorLog(text).map(({ upstream }) => upstream)
const evil = '", upstream: "fastcgi://unix:/evil.sock:", host: "x'

test.each([
  {
    where: 'in a Referer',
    line: withReferer(
      nginxText({
        secondsAgo: 5,
        says: 'connect() failed (111: Connection refused) while connecting to upstream',
      }),
      evil,
    ),
  },
  {
    where: 'in a request with blanks',
    line: nginxText({
      secondsAgo: 5,
      says: 'connect() failed (111: Connection refused) while connecting to upstream',
      request: `GET /${evil} HTTP/1.1`,
    }),
  },
])('an upstream that is forged $where is not believed', ({ line }) => {
  expect(upstreamsOf(line)).toEqual(['fastcgi://unix:/run/php/php8.2-fpm.sock:'])
})

test('of two upstreams in a request without a protocol, neither is believed', () => {
  const line = nginxText({
    secondsAgo: 5,
    says: 'connect() failed (111: Connection refused) while connecting to upstream',
    request: `GET /${evil}`,
  })
  expect(upstreamsOf(line)).toEqual([null])
})

/** As nginx writes a value of a visitor into an access log. */
const escaped = (value: string) =>
  value.replaceAll(
    /[^ !#-[\]-~]/g,
    (character) => `\\x${(character.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`,
  )

test('no name, path, Referer or browser gives a request another status or time in an access log', () => {
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('a [21/Nov/2026:03:00:00 +0000] "GET / HTTP/1.1" 500 5 "', '" 500 ', '\\', ' ', '] "', '- - ['),
  )
  const path = words.map((word) => word.replaceAll(' ', ''))
  fc.assert(
    fc.property(words, path, words, words, (user, asked, referer, browser) => {
      const line = `10.0.0.9 - ${escaped(user) || '-'} [21/Nov/2026:02:59:00 +0000] "GET /${escaped(asked)} HTTP/1.1" 200 5 "${escaped(referer)}" "${escaped(browser)}"\n`
      expect(readAccessLog(line).entries.map(({ status, atMs }) => ({ status, atMs }))).toEqual([
        { status: 200, atMs: Date.parse('2026-11-21T02:59:00Z') },
      ])
    }),
  )
})
