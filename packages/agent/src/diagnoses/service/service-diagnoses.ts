/** Diagnoses of services that are not there: PHP-FPM or nginx is down, or cannot come up. */
import { fpmCannotStart } from './fpm-cannot-start.ts'
import { fpmConfigInvalid } from './fpm-config-invalid.ts'
import { fpmCrashed } from './fpm-crashed.ts'
import { fpmDisabled } from './fpm-disabled.ts'
import { fpmMasked } from './fpm-masked.ts'
import { fpmOomStopped } from './fpm-oom-stopped.ts'
import { fpmStartLimitHit } from './fpm-start-limit-hit.ts'
import { fpmStopped } from './fpm-stopped.ts'
import { nginxConfigInvalid } from './nginx-config-invalid.ts'
import { nginxStopped } from './nginx-stopped.ts'

export const serviceDiagnoses = [
  nginxConfigInvalid,
  nginxStopped,
  fpmMasked,
  fpmDisabled,
  fpmOomStopped,
  fpmConfigInvalid,
  fpmCannotStart,
  fpmStartLimitHit,
  fpmCrashed,
  fpmStopped,
]
