/** Diagnoses of answers that are not pages: headers that do not fit, scripts that are not found or refused. */
import { headerTooBig } from './header-too-big.ts'
import { scriptDenied } from './script-denied.ts'
import { scriptNotFound } from './script-not-found.ts'

export const responseDiagnoses = [headerTooBig, scriptNotFound, scriptDenied]
