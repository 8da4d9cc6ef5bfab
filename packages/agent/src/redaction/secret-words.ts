/** What makes a name one of a secret, and a value one that hides nothing or one that can only be a key. */

/** Stands for what is hidden, whatever its length was. */
export const HIDDEN = '••••••'

/** `DB_PASSWORD`, `stripeSecretKey`, `auth`, `PHPSESSID`; not `fastcgi_pass`, `author`, `bypass`. */
const secretName = new RegExp(
  [
    'passw|passphrase|passwd|secret|credential|webhook|bearer|signature|signing|licen[cs]e',
    '(?<![a-z])(?<!fastcgi_|proxy_|uwsgi_|scgi_|grpc_|memcached_)pass(?![a-z])|(?<=[a-z])Pass(?![a-z])',
    '(?:^|[^a-z])(?:pwd|pw|psk|pin|otp|jwt|dsn|salt|pepper|sas|hmac)(?![a-z])',
    'token(?!s|ize)|auth(?!or)|cookie|sess(?:ion)?_?id|(?<=php)sess',
    '(?:api|app|access|account|private|shared|encryption|master|client|server|service|secure|site|sign|ssh|rsa|aes)[_.-]?key(?!s)',
    '(?:^|[._-])key$',
  ].join('|'),
  'i',
)
/** Where even a number or a plain word may be all there is to it. */
const passwordName = /pass|pwd|(?:^|[_.-])pw$|secret|(?:^|[_.-])pin$|otp/i

export function isSecretName(name: string): boolean {
  return secretName.test(name)
}

/** Switches, sizes, variables and paths under a secret-sounding name (`session.cookie_secure = on`) hide nothing. */
export function isHarmless(name: string, value: string): boolean {
  const bare = value.replace(/^(["'])(.*)\1$/, '$2')
  if (/^(?:|on|off|yes|no|true|false|null|none|default)$/i.test(bare) || isVariable(bare) || isPath(bare)) return true
  return bare === HIDDEN || (!passwordName.test(name) && /^\d{1,6}(?:ms|[smhdkMG])?$/.test(bare))
}

/** Nothing but variables and what joins them: `$document_root$fastcgi_script_name`, `${DB_PASS}`, `https://$host:$port`. */
export function isVariable(value: string): boolean {
  return /^(?:https?:\/\/)?(?:[/:.,;=&?-]*\$(?:\w+|\{\w+\}))+[/:.-]?$/.test(value)
}

/** A place among those that hosts keep files in; a base64 text may begin with `/` as well. */
export function isPath(value: string): boolean {
  return /^(?:unix:)?\/(?:etc|var|usr|run|srv|opt|home|tmp|proc|dev|mnt|root|data|www|app|sys|bin|lib)(?:\/[\w.@+%*-]*)*$/.test(
    value,
  )
}

/** Digits, upper and lower case together, and no repeated pattern: words and paths have one or two of these. */
export function looksRandom(token: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(token)).length
  const distinct = new Set(token).size
  return (kinds === 3 && distinct >= 12) || (/^[0-9a-f]{32,}$/i.test(token) && distinct >= 8)
}
