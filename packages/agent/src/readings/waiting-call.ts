/** `/proc/PID/syscall`: what a process of PHP-FPM waits for. */

/** `asm/unistd_64.h` of x86-64, and asm-generic, which arm64 and riscv64 have; a number of either means something else in the other. */
const calls = process.arch === 'x64' ? { read: '0', accepts: ['43', '288'] } : { read: '63', accepts: ['202', '242'] }

/** The descriptor of which it waits to read more; null for a process that runs or waits for something else. */
export function blockedReadOf(syscall: string): number | null {
  const [call, descriptor = ''] = syscall.trim().split(' ')
  return call === calls.read && /^0x[0-9a-f]+$/.test(descriptor) ? Number.parseInt(descriptor, 16) : null
}

/** Whether it waits in accept(2) or accept4(2) for whoever connects next. */
export function isInAccept(syscall: string): boolean {
  return calls.accepts.includes(syscall.trim().split(' ')[0] ?? '')
}
