/** Names of users and groups, from /etc/passwd and /etc/group; a number stays a number where there is no name. */
import { readFileSync } from 'node:fs'
import { accountWithId } from '../readings/account-names.ts'

export async function accountName(file: '/etc/passwd' | '/etc/group', id: number): Promise<string> {
  return accountWithId(textOf(file), id) ?? String(id)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
