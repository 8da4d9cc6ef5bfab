/** Draws what a terminal shows as an SVG: text with the colours that `colourPaint` writes, nothing else. Pure. */

/** SGR parameters → what they switch on; 22 and 39 switch it off again. */
const styles: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  36: 'cyan',
}

const css = `
  .back { fill: #16191f }
  text { fill: #d6dae0; font: 13px ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }
  .bold { font-weight: 700; fill: #ffffff }
  .dim { fill: #8b93a1 }
  .red { fill: #ff7b72 }
  .green { fill: #7ee787 }
  .yellow { fill: #e3b341 }
  .cyan { fill: #79c0ff }
`

const cell = { width: 7.83, height: 18 }
const margin = 16

/** `describes` is what a reader hears who cannot see the picture. */
export function terminalPicture(text: string, describes: string): string {
  const lines = text.trimEnd().split('\n')
  const columns = Math.max(...lines.map((line) => visible(line).length))
  const width = Math.ceil(columns * cell.width) + 2 * margin
  const height = lines.length * cell.height + 2 * margin
  const rows = lines.map((line, row) => {
    const baseline = margin + row * cell.height + 13
    return `<text x="${margin}" y="${baseline}">${spans(line)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(describes)}</title>`,
    `<style>${css}</style>`,
    `<rect class="back" width="${width}" height="${height}" rx="8"/>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

// oxlint-disable-next-line no-control-regex -- escape sequences are what this reads
const SEQUENCE = /\u001B\[(\d+)m/

function spans(line: string): string {
  const on = new Set<string>()
  const parts = line.split(SEQUENCE)
  return parts.map((part, index) => (index % 2 === 1 ? switched(on, part) : span(part, on))).join('')
}

function switched(on: Set<string>, parameter: string): string {
  if (parameter === '22') for (const style of ['bold', 'dim']) on.delete(style)
  else if (parameter === '39')
    for (const style of Object.values(styles)) if (style !== 'bold' && style !== 'dim') on.delete(style)
  const style = styles[parameter]
  if (style !== undefined) on.add(style)
  return ''
}

function span(text: string, on: ReadonlySet<string>): string {
  if (text === '') return ''
  return on.size === 0 ? escaped(text) : `<tspan class="${[...on].join(' ')}">${escaped(text)}</tspan>`
}

function visible(line: string): string {
  return line
    .split(SEQUENCE)
    .filter((_, index) => index % 2 === 0)
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
