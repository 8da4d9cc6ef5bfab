/**
 * What somebody sees of what was written to a terminal: rows, a cursor, what has scrolled away. Like most terminals it parts
 * long lines anew when it gets another width. A sequence that it does not know is an error: nothing may be written unseen.
 */
export interface Size {
  readonly rows: number
  readonly columns: number
}

interface Row {
  text: string
  /** It goes on in the next row, because it was full. */
  goesOn: boolean
}

// oxlint-disable-next-line no-control-regex -- escape sequences are what this reads
const SEQUENCE = /\u001B\[(\??)([\d;]*)([A-Za-z])|\u001B\](\w+)(?:;([^\u0007]*))?\u0007/y

export class Screen {
  /** What scrolled away above, oldest first. */
  readonly gone: string[] = []
  /** Taken where the program wrote `OSC shot BEL`. */
  readonly shots: (readonly string[])[] = []
  #size: Size
  #rows: Row[] = [{ text: '', goesOn: false }]
  #row = 0
  #column = 0

  constructor(size: Size) {
    this.#size = size
  }

  /** Without blank rows at its end. */
  get lines(): readonly string[] {
    return this.#rows
      .map(({ text }) => text.trimEnd())
      .join('\n')
      .trimEnd()
      .split('\n')
  }

  write(text: string): void {
    for (let at = 0; at < text.length;) {
      const char = String.fromCodePoint(text.codePointAt(at) ?? 0)
      if (char === '\u001B') at += this.#sequence(text, at)
      else {
        this.#put(char)
        at += char.length
      }
    }
  }

  #sequence(text: string, at: number): number {
    SEQUENCE.lastIndex = at
    const found = SEQUENCE.exec(text)
    if (!found) throw new Error(`No terminal knows ${JSON.stringify(text.slice(at, at + 12))}.`)
    const [whole, isPrivate, numbers = '', kind = '', word, value = ''] = found
    if (word === 'shot') this.shots.push(this.lines)
    else if (word === 'size') {
      const [rows = 0, columns = 0] = value.split('x').map(Number)
      this.#resize({ rows, columns })
    } else if (isPrivate !== '?' && kind !== 'm') this.#control(kind, numbers === '' ? null : Number(numbers))
    return whole.length
  }

  #control(kind: string, number: number | null): void {
    const row = this.#rows[this.#row]
    if (kind === 'A') this.#row = Math.max(this.#row - (number ?? 1), 0)
    else if (kind === 'K' && number === null && row)
      Object.assign(row, { text: row.text.slice(0, this.#column), goesOn: false })
    else if (kind === 'J' && number === null && row) {
      Object.assign(row, { text: row.text.slice(0, this.#column), goesOn: false })
      this.#rows.length = this.#row + 1
    } else throw new Error(`This terminal does not know CSI ${number} ${kind}.`)
  }

  #put(char: string): void {
    if (char === '\r') this.#column = 0
    else if (char === '\n') this.#down()
    else if (char !== '\u0007') {
      if (this.#column === this.#size.columns) {
        const full = this.#rows[this.#row]
        if (full) full.goesOn = true
        this.#down()
        this.#column = 0
      }
      const row = this.#rows[this.#row]
      if (row) row.text = row.text.padEnd(this.#column).slice(0, this.#column) + char + row.text.slice(this.#column + 1)
      this.#column++
    }
  }

  #down(): void {
    this.#row++
    this.#rows[this.#row] ??= { text: '', goesOn: false }
    this.#scroll()
  }

  #scroll(): void {
    while (this.#rows.length > this.#size.rows) {
      this.gone.push((this.#rows.shift()?.text ?? '').trimEnd())
      this.#row--
    }
  }

  #resize(size: Size): void {
    const whole: { text: string; cursor: number | null }[] = []
    let isOpen = false
    for (const [index, { text, goesOn }] of this.#rows.entries()) {
      const last = isOpen ? whole.at(-1) : undefined
      const line = last ?? { text: '', cursor: null }
      if (!last) whole.push(line)
      if (index === this.#row) line.cursor = line.text.length + this.#column
      line.text += text
      isOpen = goesOn
    }
    this.#size = size
    this.#rows = []
    for (const { text, cursor } of whole) {
      const first = this.#rows.length
      const count = Math.max(Math.ceil(text.length / size.columns), 1)
      for (let part = 0; part < count; part++)
        this.#rows.push({ text: text.slice(part * size.columns, (part + 1) * size.columns), goesOn: part < count - 1 })
      if (cursor === null) continue
      const part = Math.min(Math.floor(cursor / size.columns), count - 1)
      this.#row = first + part
      this.#column = Math.min(cursor - part * size.columns, size.columns)
    }
    this.#scroll()
  }
}
