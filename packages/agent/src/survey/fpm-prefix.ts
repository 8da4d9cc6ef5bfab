/** PHP_PREFIX of a packaged FPM, which relative paths and includes start from (`fpm_conf.c:fpm_evaluate_full_path`). */
export function fpmPrefix(binary: string): string {
  return binary.startsWith('/usr/local/')
    ? '/usr/local'
    : (/^(\/opt\/remi\/php\d+\/root\/usr)\//.exec(binary)?.[1] ?? '/usr')
}
