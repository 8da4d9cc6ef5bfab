/** Hidden subcommands: those that carry out, undo and finish applies, those that serve has done for it, and installing. */
export const internalApply = 'internal-apply'
export const internalRollback = 'internal-rollback'
export const internalRecover = 'internal-recover'
export const internalAnswer = 'internal-answer'
export const internalRecordRenewal = 'internal-record-renewal'
export const internalSampleTargets = 'internal-sample-targets'
export const internalInstall = 'internal-install'
