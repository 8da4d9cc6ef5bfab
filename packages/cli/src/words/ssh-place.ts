/** `--ssh fleetmend@web-7.example:22`: where a controller logs in, and as whom. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import type { SshPlace } from '@fleetmend/shared'
import { readSshDestination } from '@fleetmend/ssh/readings/ssh-destination'

/** As `hosts add` has the account made. */
export const usualAccount = 'fleetmend'

export function sshPlace(text: string): SshPlace {
  const read = readSshDestination(text)
  if (!read.ok) throw new InvalidArgumentError(`It is not understood: ${read.says}.`)
  const { user, host, port } = read.value
  return { user: user ?? usualAccount, host, port: port ?? 22 }
}

/** In the order in which they are gone through. */
export function sshJumps(text: string, known: readonly SshPlace[]): readonly SshPlace[] {
  return [...known, sshPlace(text)]
}

export function hostKeys(text: string, known: readonly string[]): readonly string[] {
  if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(text))
    throw new InvalidArgumentError('It takes a fingerprint as `ssh-keygen -l` prints it: SHA256:…')
  return [...known, text]
}
