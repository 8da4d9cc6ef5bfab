/** Hidden subcommands: those that carry out, undo and finish applies, and those that serve has done for it. */
export const internalApply = 'internal-apply'
export const internalRollback = 'internal-rollback'
export const internalRecover = 'internal-recover'
export const internalAnswer = 'internal-answer'
export const internalRecordRenewal = 'internal-record-renewal'
export const internalSampleTargets = 'internal-sample-targets'
