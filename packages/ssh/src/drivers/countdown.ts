/** A time limit that stands still while a person is asked: nobody is hurried while they look for a passphrase. */

export interface Countdown {
  begin(run: () => void): void
  /** It does not run any more. */
  end(): void
  /** The same question, with the clock standing still until it is answered. */
  notCounting<Question, Answer>(ask: (question: Question) => Promise<Answer>): (question: Question) => Promise<Answer>
}

export function countdown(limitMs: number): Countdown {
  let leftMs = limitMs
  let since = 0
  let timer: NodeJS.Timeout | undefined
  let run: (() => void) | null = null
  const go = (): void => {
    if (run === null) return
    since = performance.now()
    timer = setTimeout(run, leftMs)
  }
  const stop = (): void => {
    clearTimeout(timer)
    leftMs = Math.max(0, leftMs - (performance.now() - since))
  }
  return {
    begin(whatThen) {
      run = whatThen
      go()
    },
    end() {
      clearTimeout(timer)
      run = null
    },
    notCounting: (ask) => async (question) => {
      stop()
      try {
        return await ask(question)
      } finally {
        go()
      }
    },
  }
}
