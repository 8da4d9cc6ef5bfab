import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { accountName } from './accounts.ts'
import { temporaryFolder } from './temporary-folder.ts'

test('number 0 is root, as user and as group', async () => {
  expect(await accountName('/etc/passwd', 0)).toBe('root')
  expect(await accountName('/etc/group', 0)).toBe('root')
})

test('a number that nobody has stays a number', async () => {
  expect(await accountName('/etc/passwd', 4_294_967_294)).toBe('4294967294')
  expect(await accountName('/etc/group', 4_294_967_294)).toBe('4294967294')
})

const accounts = `root:x:0:0:root:/root:/bin/bash
# 33:x:34:0:a comment
www-data:x:33:99:www-data:/var/www:/usr/sbin/nologin
web:x:33:33:the same number again:/:/bin/false
deploy:x:1033:33::/home/deploy:/bin/sh
+::::::
`

test.each([
  { id: 33, name: 'www-data', because: 'the first of two names holds' },
  { id: 1033, name: 'deploy', because: 'the number is compared as a whole' },
  { id: 3, name: '3', because: 'part of a number is another number' },
  { id: 99, name: '99', because: 'the fourth field is no number of the account' },
])('$id is called $name: $because', async ({ id, name }) => {
  await using folder = await temporaryFolder()
  await writeFile(folder.at('passwd'), accounts)
  expect(await accountName(folder.at('passwd') as '/etc/passwd', id)).toBe(name)
})

test('where the file cannot be read, every number stays one', async () => {
  await using folder = await temporaryFolder()
  expect(await accountName(folder.at('passwd') as '/etc/passwd', 0)).toBe('0')
})
