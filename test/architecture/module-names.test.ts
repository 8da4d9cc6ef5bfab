/** A file is named after what is in it: no drawers, no default exports, no face of a package but its `index.ts`. */
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { sourcesIn, type Source } from './sources.ts'

const drawers = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'types', 'misc', 'shared', 'constants'])

const rules: readonly { readonly rule: string; readonly breaks: (source: Source) => boolean }[] = [
  {
    rule: 'is in kebab case, because it is the name of what it exports',
    breaks: ({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config)?\.ts$/.test(basename(path)),
  },
  {
    rule: 'is not a drawer: a name that fits everything says nothing',
    breaks: ({ path }) => drawers.has(basename(path).replace(/(\.test)?\.ts$/, '')),
  },
  {
    rule: 'is an index only as the public face of a package',
    breaks: ({ path }) => basename(path) === 'index.ts' && !/^packages\/[^/]+\/src\/index\.ts$/.test(path),
  },
  {
    rule: 'has no default export: a thing has one name everywhere',
    breaks: ({ text }) => /^export default /m.test(text),
  },
  {
    rule: 'mocks no module: what a test needs to replace is a parameter',
    breaks: ({ text }) => /\bvi\.(mock|doMock|hoisted)\(/.test(text),
  },
]

test.each(rules)('a source file $rule', ({ breaks }) => {
  expect(
    sourcesIn('packages', 'scripts', 'test')
      .filter(breaks)
      .map(({ path }) => path),
  ).toEqual([])
})
