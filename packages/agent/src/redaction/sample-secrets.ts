/**
 * Kinds of secrets as hosts really have them, each with its place and a marker in the secret's own place: what the tests
 * plant, in texts and on a real host, and then look for in everything that was written.
 */

export interface SampleSecret {
  readonly kind: string
  /**
   * The file or the stream it stands in: FPM's pool file, a unit's drop-in, nginx in `http`, in `server`, or in its PHP
   * location; PHP's own messages, the query or a header of a request, or the words of another program.
   */
  readonly in:
    | 'pool'
    | 'unit'
    | 'nginx-http'
    | 'nginx-server'
    | 'nginx-php'
    | 'php-message'
    | 'request'
    | 'header'
    | 'words'
  text(marker: string): string
}

/** Not what a rule for keys would find: all lower case, with one digit, as people choose them. */
export function markerOf(index: number): string {
  const letters = 'bcdfghjklmnpqrstvwxz'
  const at = (shift: number): string => letters.charAt((index * 7 + shift * 5) % letters.length)
  return `zq${at(0)}a${at(1)}o${at(2)}u${index}e`
}

export const sampleSecrets: readonly SampleSecret[] = [
  // FPM's pool
  { kind: 'env under a telling name', in: 'pool', text: (m) => `env[DB_PASSWORD] = ${m}` },
  { kind: 'env under any name', in: 'pool', text: (m) => `env[SHOP_SK] = "${m}"` },
  { kind: 'env with a DSN', in: 'pool', text: (m) => `env[DATABASE_URL] = "mysql://shop:${m}@db/shop"` },
  { kind: 'env with a password alone', in: 'pool', text: (m) => `env[REDIS_URL] = redis://:${m}@127.0.0.1:6379/0` },
  { kind: 'env that is commented out', in: 'pool', text: (m) => `;env[OLD_PASSWORD] = ${m}` },
  { kind: 'a remark', in: 'pool', text: (m) => `; the old password of the database was ${m}` },
  {
    kind: 'session.save_path',
    in: 'pool',
    text: (m) => `php_admin_value[session.save_path] = "tcp://10.0.0.9:6379?auth=${m}"`,
  },
  { kind: 'newrelic.license', in: 'pool', text: (m) => `php_admin_value[newrelic.license] = ${m}` },
  {
    kind: 'sendmail_path',
    in: 'pool',
    text: (m) => `php_admin_value[sendmail_path] = "/usr/sbin/sendmail -t -i -au shop -ap ${m}"`,
  },
  { kind: 'mysqli.default_pw', in: 'pool', text: (m) => `php_value[mysqli.default_pw] = ${m}` },
  { kind: 'an own setting', in: 'pool', text: (m) => `php_admin_value[shop.partner] = ${m}` },
  // The unit
  { kind: 'Environment=', in: 'unit', text: (m) => `Environment=API_TOKEN=${m}` },
  { kind: 'Environment= quoted', in: 'unit', text: (m) => `Environment="A=1" "STRIPE=sk ${m}"` },
  { kind: 'Environment= over two lines', in: 'unit', text: (m) => `Environment=A=1 \\\n  MAILER=${m}` },
  { kind: 'SetCredential=', in: 'unit', text: (m) => `SetCredential=db:${m}` },
  { kind: 'an option of a command', in: 'unit', text: (m) => `ExecStartPre=-/bin/true --password=${m}` },
  { kind: 'a variable of a command', in: 'unit', text: (m) => `ExecStartPre=-/usr/bin/env PGPASSWORD=${m} /bin/true` },
  {
    kind: 'user and password of curl',
    in: 'unit',
    text: (m) => `ExecStopPost=-/bin/true curl -u shop:${m} http://127.0.0.1/`,
  },
  // nginx
  { kind: 'a key of a map', in: 'nginx-http', text: (m) => `map $http_x_api_key $client { default ""; "${m}" acme; }` },
  { kind: 'a value of a map', in: 'nginx-http', text: (m) => `map $host $backend_secret { default "${m}-1"; }` },
  {
    kind: 'add_header Set-Cookie',
    in: 'nginx-server',
    text: (m) => `add_header Set-Cookie "edge=${m}; HttpOnly" always;`,
  },
  { kind: 'set', in: 'nginx-server', text: (m) => `set $api_key ${m};` },
  { kind: 'if', in: 'nginx-server', text: (m) => `if ($http_x_internal = "${m}") { return 204; }` },
  { kind: 'an argument in an if', in: 'nginx-server', text: (m) => `if ($arg_key = ${m}) { return 204; }` },
  {
    kind: 'proxy_set_header',
    in: 'nginx-server',
    text: (m) => `location /api/ { proxy_set_header Authorization "Basic ${m}"; proxy_pass http://127.0.0.1:8081; }`,
  },
  {
    kind: 'proxy_set_header of any name',
    in: 'nginx-server',
    text: (m) => `location /b/ { proxy_set_header X-Shop "${m}"; proxy_pass http://127.0.0.1:8081; }`,
  },
  {
    kind: 'an address with credentials',
    in: 'nginx-server',
    text: (m) => `location /c/ { return 302 https://shop:${m}@cdn.example/; }`,
  },
  {
    kind: 'an address with a token',
    in: 'nginx-server',
    text: (m) => `location /d/ { return 302 https://cdn.example/d?sig=${m}; }`,
  },
  {
    kind: 'secure_link_md5',
    in: 'nginx-server',
    text: (m) => `location /dl/ { secure_link $arg_md5; secure_link_md5 "$uri ${m}"; }`,
  },
  { kind: 'a remark in nginx', in: 'nginx-server', text: (m) => `# proxy_set_header Authorization "Bearer ${m}";` },
  { kind: 'fastcgi_param', in: 'nginx-php', text: (m) => `fastcgi_param DB_PASS ${m};` },
  { kind: 'fastcgi_param of any name', in: 'nginx-php', text: (m) => `fastcgi_param SHOP_STAGE\n    '${m}';` },
  { kind: 'fastcgi_param PHP_VALUE', in: 'nginx-php', text: (m) => `fastcgi_param PHP_VALUE "shop.key=${m}";` },
  // What PHP writes to logs
  {
    kind: 'a DSN in an exception',
    in: 'php-message',
    text: (m) => `mysql:host=db;dbname=shop;user=shop;password=${m}`,
  },
  { kind: 'an address in an exception', in: 'php-message', text: (m) => `cannot reach amqp://shop:${m}@queue:5672/` },
  {
    kind: 'arguments in a stack trace',
    in: 'php-message',
    text: (m) => `#0 /srv/shop/db.php(12): PDO->__construct('mysql:host=db', 'shop', '${m}')`,
  },
  { kind: 'JSON', in: 'php-message', text: (m) => `{"user":"shop","api_key":"${m}"}` },
  { kind: 'an array of PHP', in: 'php-message', text: (m) => `['user' => 'shop', 'password' => '${m}']` },
  { kind: 'a header that a script logs', in: 'php-message', text: (m) => `Authorization: Bearer ${m}` },
  { kind: 'a cookie that a script logs', in: 'php-message', text: (m) => `Cookie: PHPSESSID=a; remember=${m}` },
  { kind: 'a value that the configuration hides', in: 'php-message', text: (m) => `the shop cannot log in with ${m}` },
  // What visitors send
  { kind: 'a query', in: 'request', text: (m) => `/slow.php?user=shop&k=${m}` },
  { kind: 'a password in a query', in: 'request', text: (m) => `/missing/page.php?password=${m}` },
  { kind: 'a session in a path', in: 'request', text: (m) => `/shop.php;jsessionid=${m}` },
  { kind: 'a cookie', in: 'header', text: (m) => `Cookie: PHPSESSID=${m}` },
  { kind: 'an authorization', in: 'header', text: (m) => `Authorization: Bearer ${m}` },
  { kind: 'a referer', in: 'header', text: (m) => `Referer: https://shop.example/reset?token=${m}` },
  { kind: 'a referer with credentials', in: 'header', text: (m) => `Referer: https://shop:${m}@shop.example/` },
  { kind: 'a key of a program', in: 'header', text: (m) => `X-Api-Key: ${m}` },
  // What people and other programs say
  { kind: 'a mysql command', in: 'words', text: (m) => `olivia ran \`mysql -u root -p${m} shop\` as root` },
  {
    kind: 'a command with a variable',
    in: 'words',
    text: (m) => `cron ran \`DB_PASS=${m} /usr/local/bin/backup\` as root`,
  },
  { kind: 'redis-cli', in: 'words', text: (m) => `olivia ran \`redis-cli -h db -a ${m} FLUSHALL\` as root` },
  { kind: 'a libpq DSN', in: 'words', text: (m) => `connection to "host=db user=shop password=${m}" failed` },
  { kind: 'a hash of a password', in: 'words', text: (m) => `shop:$apr1$salt$${m}.` },
  { kind: 'a key of Stripe', in: 'words', text: (m) => `the key sk_live_${m} was refused` },
  { kind: 'a JWT', in: 'words', text: (m) => `cannot verify eyJhbGciOi.eyJzdWIi.${m}` },
  { kind: 'a private key', in: 'words', text: (m) => `-----BEGIN PRIVATE KEY-----\n${m}\n-----END PRIVATE KEY-----` },
  {
    kind: 'what systemd does not understand',
    in: 'words',
    text: (m) => `x.conf:2: Invalid environment assignment, ignoring: ${m}`,
  },
  { kind: 'a password told in words', in: 'words', text: (m) => `login failed with password '${m}'` },
]
