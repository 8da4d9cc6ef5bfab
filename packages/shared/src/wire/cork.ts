/** Lets all that is written in one turn of the event loop leave together: a system call per turn, not per frame. */

export interface Corkable {
  cork(): void
  uncork(): void
}

/** To be called before each write. Costs no latency: the turn's last callback is followed by the flush. */
export function corkPerTurn(stream: Corkable | undefined): () => void {
  let corked = false
  return () => {
    if (corked || stream === undefined) return
    corked = true
    stream.cork()
    process.nextTick(() => {
      corked = false
      stream.uncork()
    })
  }
}
