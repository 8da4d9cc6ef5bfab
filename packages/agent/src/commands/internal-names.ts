/** Hidden subcommands that carry out and finish applies. */
export const internalApply = 'internal-apply'
export const internalRecover = 'internal-recover'
