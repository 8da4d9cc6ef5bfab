/** Names of users and groups, from /etc/passwd and /etc/group; a number stays a number where there is no name. */
import { readFile } from 'node:fs/promises'

export async function accountName(file: '/etc/passwd' | '/etc/group', id: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const line = text.split('\n').find((candidate) => candidate.split(':')[2] === String(id))
  return line?.split(':')[0] ?? String(id)
}
