/** What the kernel's security modules forbid beyond owner, group and mode. */
import { apparmorDenied } from './apparmor-denied.ts'
import { selinuxDenied } from './selinux-denied.ts'

export const securityModulesDiagnoses = [selinuxDenied, apparmorDenied]
