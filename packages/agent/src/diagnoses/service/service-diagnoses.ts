/** Diagnoses of services that are not there: PHP-FPM or nginx is down, or cannot come up. */
import { fpmConfigInvalid } from './fpm-config-invalid.ts'
import { fpmCrashed } from './fpm-crashed.ts'
import { fpmStopped } from './fpm-stopped.ts'

export const serviceDiagnoses = [fpmConfigInvalid, fpmCrashed, fpmStopped]
