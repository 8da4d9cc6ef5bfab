/**
 * Stands in for `node:zlib` in the bundle that serves: `ws` loads it whether or not frames are compressed, ours are not
 * (`serve/controller-line.ts`), and it is half a megabyte of a process that waits.
 */
const refuse = (): never => {
  throw new Error('Frames between agent and controller are not compressed. This is a bug.')
}

export const createInflateRaw = (): never => refuse()
export const createDeflateRaw = (): never => refuse()
