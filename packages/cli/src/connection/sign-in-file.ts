/** What `login` keeps: for each controller the token and the authority to know it by, in a file that only its owner reads. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { problem, shellWord, type Problem } from '@fleetmend/shared'

export interface SignIn {
  readonly token: string
  /** PEM; null: an authority that this computer knows by itself. */
  readonly authority: string | null
}

export interface SignIns {
  readonly format: 'fleetmend.sign-ins/1'
  /** The one signed in to last. */
  readonly default?: string
  readonly controllers: Readonly<Record<string, SignIn>>
}

export type SignInsRead =
  | { readonly ok: true; readonly value: SignIns }
  | { readonly ok: false; readonly problem: Problem }

type Environment = Readonly<Record<string, string | undefined>>

const none: SignIns = { format: 'fleetmend.sign-ins/1', controllers: {} }

export function signInPath(environment: Environment): string {
  const configured = environment['XDG_CONFIG_HOME'] ?? ''
  // A relative path is to be ignored (XDG Base Directory Specification).
  const folder = isAbsolute(configured) ? configured : join(environment['HOME'] ?? homedir(), '.config')
  return join(folder, 'fleetmend', 'sign-ins.json')
}

/** Nothing signed in to where there is no file. */
export function readSignIns(path: string): SignInsRead {
  let file: number | null = null
  try {
    file = openSync(path, 'r')
    const { mode, uid } = fstatSync(file)
    if (uid !== process.getuid?.())
      return refuse(
        `${path} belongs to another user, so it is not used. To ask the controller of this machine:\n    fleetmend --socket PATH …`,
      )
    if ((mode & 0o077) !== 0)
      return refuse(
        `Others on this computer could read the tokens in ${path}. Have them revoked if somebody may have, then:\n    chmod 600 ${shellWord(path)}`,
      )
    const read = signInsIn(readFileSync(file, 'utf8'))
    return read
      ? { ok: true, value: read }
      : refuse(`${path} is damaged. Remove it, and sign in again:\n    fleetmend login`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null
    if (code === null) throw error
    return code === 'ENOENT' || code === 'ENOTDIR' ? { ok: true, value: none } : refuse(`Cannot read ${path}: ${code}.`)
  } finally {
    if (file !== null) closeSync(file)
  }
}

/** As a whole or not at all, and never readable by others, not even for a moment. */
export function writeSignIns(path: string, signIns: SignIns): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  const file = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(file, `${JSON.stringify(signIns, null, 2)}\n`)
    fsyncSync(file)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

export function withSignIn(signIns: SignIns, url: string, signIn: SignIn): SignIns {
  return { ...signIns, default: url, controllers: { ...signIns.controllers, [url]: signIn } }
}

export function withoutSignIn({ default: last, ...signIns }: SignIns, url: string): SignIns {
  const controllers = Object.fromEntries(Object.entries(signIns.controllers).filter(([each]) => each !== url))
  return { ...signIns, controllers, ...(last === undefined || last === url ? {} : { default: last }) }
}

export function signInOf({ controllers }: SignIns, url: string): SignIn | null {
  return Object.hasOwn(controllers, url) ? (controllers[url] ?? null) : null
}

/** By hand: loading a schema library takes longer than most commands. Null: it is no such document. */
function signInsIn(text: string): SignIns | null {
  const document = parseJson(text)
  if (!isRecord(document) || document['format'] !== none.format || !isRecord(document['controllers'])) return null
  const last = document['default']
  if (last !== undefined && typeof last !== 'string') return null
  const controllers: Record<string, SignIn> = {}
  for (const [url, each] of Object.entries(document['controllers'])) {
    if (!isRecord(each)) return null
    const { token, authority } = each
    if (typeof token !== 'string' || (authority !== null && typeof authority !== 'string')) return null
    controllers[url] = { token, authority }
  }
  return { format: none.format, controllers, ...(last === undefined ? {} : { default: last }) }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuse(says: string): SignInsRead {
  return { ok: false, problem: problem('not-signed-in', says) }
}
