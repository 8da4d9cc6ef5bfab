/** An error log of years that nobody rotates: what tells of the fault is its last minute, before half a megabyte of warnings. */
import { answers, ask, restartFpm, setFpm, type Host } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

const log = '/var/log/nginx/error.log'
/** Prints so many bytes of what a site logs while all is well, a line in so many seconds; the newest so long ago. */
const writeLines = `
  my ($bytes, $pace, $ago) = @ARGV;
  my $rest = ' [error] 51#51: *7 FastCGI sent in stderr: "PHP message: PHP Warning:  Undefined array key in /var/www/html/list.php '
    . 'on line 42" while reading response header from upstream, client: 10.0.0.9, server: _, request: "GET /list.php HTTP/1.1", '
    . 'upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "shop.example"' . "\\n";
  my $lines = int($bytes / (19 + length $rest));
  for my $i (1 .. $lines) {
    my ($s, $m, $h, $day, $month, $year) = localtime(time - $ago - ($lines - $i) * $pace);
    printf("%04d/%02d/%02d %02d:%02d:%02d%s", $year + 1900, $month + 1, $day, $h, $m, $s, $rest);
  }
`

function write(host: Host, bytes: number, paceS: number, agoS: number): Promise<string> {
  const numbers = [bytes, paceS, agoS].map(String)
  return host.must(['bash', '-c', 'perl -e "$0" "${@:2}" >> "$1"', writeLines, log, ...numbers])
}

export const bigErrorLog = defineFault({
  id: 'big-error-log',
  says: 'FPM ends requests after 2 s; the error log is 200 MB long',
  causes: ['terminated-by-timeout'],
  remediations: ['align-timeouts'],
  complaint: { path: '/sleep.php?s=3', worksMs: 3000 },
  async inject(host) {
    await write(host, 200_000_000, 60, 3600)
    await setFpm(host, host.pool, 'request_terminate_timeout', '2s')
    await restartFpm(host)
    await ask(host, '/sleep.php?s=10', 2)
    // What the end of the log says is not about the fault.
    await write(host, 500_000, 0, 0)
  },
  shows: (host) => answers(host, 200),
})
