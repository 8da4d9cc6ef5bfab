/** Hidden subcommands that carry out, undo and finish applies. */
export const internalApply = 'internal-apply'
export const internalRollback = 'internal-rollback'
export const internalRecover = 'internal-recover'
