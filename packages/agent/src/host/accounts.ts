/** Names of users and groups, from /etc/passwd and /etc/group; a number stays a number where there is no name. */
import { readFileSync } from 'node:fs'

export async function accountName(file: '/etc/passwd' | '/etc/group', id: number): Promise<string> {
  const line = textOf(file)
    .split('\n')
    .find((candidate) => candidate.split(':')[2] === String(id))
  return line?.split(':')[0] ?? String(id)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
