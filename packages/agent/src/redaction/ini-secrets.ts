/**
 * Which values of FPM's configuration, php.ini and systemd's units are shown. Not the names of secrets are listed but
 * those of what is none: an application may call its key anything.
 */
import { HIDDEN, isHarmless, isPath, isSecretName, isVariable } from './secret-words.ts'

/** The value as it may be shown; `hidden` are the parts of it that are not. */
export interface Shown {
  readonly value: string
  readonly hidden: readonly string[]
}

/** `name` is what stands before the `=`, with its brackets; both as written. */
export function showIniValue(name: string, value: string): Shown {
  const [, array = '', key = ''] = /^([a-z_]+)\[([^\]]*)\]$/i.exec(name) ?? []
  const bare = unquoted(value)
  switch (array.toLowerCase()) {
    case 'env':
      return isPublicVariable(key, bare) ? shown(value) : hidden(value)
    case 'php_flag':
    case 'php_admin_flag':
      return /^(?:on|off|yes|no|true|false|none|[01])$/i.test(bare) ? shown(value) : hidden(value)
    case 'php_value':
    case 'php_admin_value':
      return isPublicSetting(key, bare) ? shown(value) : hidden(value)
    case '':
      break
    default:
      return hidden(value)
  }
  if (/^[A-Z]/.test(name)) return showUnitValue(name, value)
  return fpmDirective.test(name) || isPublicSetting(name, bare) ? shown(value) : hidden(value)
}

/** Directives of FPM itself (`fpm_conf.c`). */
const fpmDirective =
  /^(?:pid|error_log|syslog\.\w+|log_(?:buffering|level|limit)|emergency_restart_\w+|process_control_timeout|process\.\w+|daemonize|rlimit_(?:files|core)|events\.mechanism|systemd_interval|include|prefix|user|group|listen(?:\.\w+)?|pm(?:\.\w+)?|ping\.\w+|access\.(?:log|format|suppress_path\[\])|slowlog|request_(?:slowlog|terminate)_\w+|chroot|chdir|catch_workers_output|decorate_workers_output|clear_env|security\.limit_extensions|apparmor_hat)$/

const publicVariables =
  /^(?:PATH|HOSTNAME|HOME|USER|SHELL|TMP|TEMP|TMPDIR|LANG|LC_[A-Z]+|TZ|USE_ZEND_ALLOC|PHP_INI_SCAN_DIR)$/

function isPublicVariable(name: string, value: string): boolean {
  return isVariable(value) || value === '' || (publicVariables.test(name) && !/:\/\//.test(value))
}

/** Settings of PHP and its extensions that hold limits, switches and places. */
const publicSetting =
  /^(?:memory_limit|max_\w+|post_max_size|upload_\w+|file_uploads|error_(?:log|reporting|(?:ap|pre)pend_string)|log_errors\w*|display_\w+|html_errors|ignore_repeated_\w+|report_memleaks|track_errors|open_basedir|doc_root|user_dir|user_ini\.\w+|extension(?:_dir)?|zend_extension|include_path|auto_(?:ap|pre)pend_file|default_\w+|disable_(?:functions|classes)|allow_url_\w+|expose_php|output_(?:buffering|handler)|implicit_flush|short_open_tag|precision|serialize_precision|realpath_cache_\w+|variables_order|request_order|register_argc_argv|auto_globals_jit|enable_dl|fastcgi\.\w+|cgi\.\w+|hard_timeout|sys_temp_dir|date\.\w+|mbstring\.\w+|pcre\.\w+|zend\.\w+|zlib\.\w+|assert\.\w+|opcache\.\w+|apc\.(?!.*key)\w+|xdebug\.(?:mode|start_with_request|output_dir|log)|session\.(?:save_handler|use_\w+|auto_start|cookie_(?:lifetime|path|domain|secure|httponly|samesite)|gc_\w+|cache_\w+|lazy_write|sid_\w+|serialize_handler|upload_progress\.\w+)|soap\.wsdl_cache_\w+|mysqli?\.(?:allow_\w+|max_\w+|default_(?:socket|port))|mysqlnd\.\w+|curl\.cainfo|openssl\.ca(?:file|path))$/

function isPublicSetting(name: string, value: string): boolean {
  if (publicSetting.test(name)) return true
  if (name === 'session.save_path') return isPath(value.replace(/^(?:\d+;){1,2}/, ''))
  if (name === 'session.name') return /^(?:PHPSESSID|[A-Za-z_]{1,20})$/.test(value)
  if (name === 'sendmail_path') return /^\/[\w./-]+(?: -(?:t|i|oi))*$/.test(value)
  return !isSecretName(name) && isHarmless(name, value)
}

/** Of a unit everything is shown but what is handed to processes; commands go through the rules for sentences. */
function showUnitValue(name: string, value: string): Shown {
  if (name === 'Environment') return showAssignments(value)
  return /^(?:SetCredential|SetCredentialEncrypted|X-.*)$/.test(name) ? hidden(value) : shown(value)
}

/** `A=b "C=d e" 'F=g'`, also what goes on in the next line. */
export function showAssignments(value: string): Shown {
  const secrets: string[] = []
  const text = value.replace(/"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|(?:[^\s\\]|\\.)+|\\$/g, (word) => {
    if (word === '\\') return word
    const [, quote = '', name = '', given = ''] = /^(["']?)([A-Za-z_]\w*)=(.*?)["']?$/s.exec(word) ?? []
    if (name !== '' && (isPublicVariable(name, given) || (!isSecretName(name) && isHarmless(name, given)))) return word
    secrets.push(name === '' ? unquoted(word) : given)
    return name === '' ? HIDDEN : `${quote}${name}=${HIDDEN}${quote}`
  })
  return { value: text, hidden: secrets }
}

function shown(value: string): Shown {
  return { value, hidden: [] }
}

function hidden(value: string): Shown {
  return { value: HIDDEN, hidden: [unquoted(value)] }
}

function unquoted(value: string): string {
  return value.replace(/^(["'])(.*?)\1?(?:\s*;.*)?$/s, '$2')
}
