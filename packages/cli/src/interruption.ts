/** What Ctrl-C does: end at once and say what goes on without us, unless the command ends things in order itself. */
export interface Interruption {
  /** Said when the command is cut off from here on; null: nothing goes on. */
  says: string | null
  /** Takes the place of ending at once. */
  end: (() => void) | null
  /** Takes what is drawn off the screen, before anything is said. */
  tidy?: (() => void) | null
  /**
   * When the command is done the process ends, whatever is still open: agents that are connected, a database that is gone,
   * a connection that is being made.
   */
  waitsForNothing?: boolean
}
