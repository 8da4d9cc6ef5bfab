/**
 * Constants that PHP puts in place of a bare word in an ini value. Not all of them: those that configurations use, as in
 * `php_admin_value[error_reporting] = E_ALL & ~E_NOTICE`. E_ALL is 30719 since PHP 8.4, which dropped E_STRICT from it.
 */
export const phpConstants: ReadonlyMap<string, string> = new Map([
  ['E_ERROR', '1'],
  ['E_WARNING', '2'],
  ['E_PARSE', '4'],
  ['E_NOTICE', '8'],
  ['E_CORE_ERROR', '16'],
  ['E_CORE_WARNING', '32'],
  ['E_COMPILE_ERROR', '64'],
  ['E_COMPILE_WARNING', '128'],
  ['E_USER_ERROR', '256'],
  ['E_USER_WARNING', '512'],
  ['E_USER_NOTICE', '1024'],
  ['E_STRICT', '2048'],
  ['E_RECOVERABLE_ERROR', '4096'],
  ['E_DEPRECATED', '8192'],
  ['E_USER_DEPRECATED', '16384'],
  ['E_ALL', '32767'],
  ['PHP_OS', 'Linux'],
])
