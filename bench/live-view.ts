/**
 * What following a run costs: each piece of news told to the picture on a terminal, beside a bare parse of the same text, for
 * fleets of different sizes. Goal: per piece of news the same at any size, and less than its parse. Frames are drawn ten times
 * a second at most and cost what a screen costs: their time stands apart.
 */
import { nowOf, plainPaint, runPicture, type RunNews } from '@fleetmend/shared'
import { liveBlock } from '../packages/cli/src/progress/live-block.ts'
import { pictureLines } from '../packages/cli/src/progress/picture-lines.ts'
import { toldRun } from '../packages/controller/test/told-run.ts'
import { median } from '../test/lab/median.ts'

const sizes = [100, 300, 1000, 3000]
const rounds = 5
const frames = 200
const screen = { width: 119, height: 49 }

for (const size of sizes) {
  const story = [...toldRun(size)]
  const first = story[0]?.run
  if (!first) throw new Error('Nothing is told.')
  const lines = story.map(({ news }) => JSON.stringify(news))
  const seen = { parse: [] as number[], told: [] as number[], frame: [] as number[] }
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    seen.parse.push(timed(() => lines.map(parsed)) / lines.length)
    const picture = runPicture(nowOf(first))
    seen.told.push(timed(() => lines.map((line) => picture.tell(parsed(line)))) / lines.length)
    bytes = 0
    const block = liveBlock({ err: (text) => void (bytes += text.length), columns: 120, rows: 50 })
    const draw = (frame: number): void =>
      block.show(
        pictureLines(picture, {
          run: first.id,
          ...screen,
          nowMs: Date.parse(first.startedAt) + frame * 100,
          paint: plainPaint,
        }),
      )
    seen.frame.push(timed(() => Array.from({ length: frames }, (_, frame) => draw(frame))) / frames)
  }
  const [parse, told, frame] = [median(seen.parse), median(seen.told), median(seen.frame)]
  const columns = [
    `${String(size).padStart(5)} hosts`,
    `${String(lines.length).padStart(6)} news`,
    `bare parse ${us(parse)}`,
    `parsed and told ${us(told)}`,
    `ratio ${(told / parse).toFixed(2)}`,
    `a frame ${us(frame)}, ${Math.round(bytes / frames)} bytes`,
  ]
  process.stdout.write(`${columns.join('   ')}\n`)
}

function parsed(line: string): RunNews {
  return JSON.parse(line) as RunNews
}

function timed(work: () => unknown): number {
  const startedMs = performance.now()
  work()
  return performance.now() - startedMs
}

function us(ms: number): string {
  return `${(ms * 1000).toFixed(1)} µs`
}
