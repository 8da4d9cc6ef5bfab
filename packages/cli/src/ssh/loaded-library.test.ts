import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadedLibrary } from './loaded-library.ts'

test('a library of this Node is found by its soname, and no other', () => {
  const path = loadedLibrary('libatomic.so.1') ?? ''
  expect(path).toMatch(/\/libatomic\.so\.1(\.|$)/)
  expect(existsSync(path)).toBe(true)
  expect(loadedLibrary('libatomic.s')).toBeNull()
})
