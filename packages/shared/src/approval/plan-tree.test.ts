import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { digestOf } from '../digest.ts'
import { merkleRoot } from './merkle.ts'
import { InclusionProof, isInTree, planTree } from './plan-tree.ts'

const host = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?$/)
const plans = fc
  .uniqueArray(host, { minLength: 1, maxLength: 40 })
  .map((hosts) => hosts.map((host) => ({ host, digest: digestOf({ plan: host }) })))

test('the leaves are the canonical JSON of host and digest, sorted by host', () => {
  const [a, b] = ['web-1', 'web-2'].map((host) => ({ host, digest: digestOf({ plan: host }) })) as [Plan, Plan]
  const leaf = ({ host, digest }: Plan): Buffer => Buffer.from(`{"digest":"${digest}","host":"${host}"}`)
  expect(planTree([b, a]).root).toBe(`sha256:${merkleRoot([leaf(a), leaf(b)]).toString('hex')}`)
})

test('the root does not depend on the order in which plans arrive', () => {
  fc.assert(
    fc.property(plans, fc.nat(), (plans, by) => {
      const turned = [...plans.slice(by % plans.length), ...plans.slice(0, by % plans.length)].toReversed()
      expect(planTree(turned).root).toBe(planTree(plans).root)
    }),
  )
})

test('every host has a proof that crosses the wire and shows its own plan and no other', () => {
  fc.assert(
    fc.property(plans, (plans) => {
      const tree = planTree(plans)
      for (const plan of plans) {
        const proof = z.parse(InclusionProof, JSON.parse(JSON.stringify(tree.proofOf(plan.host))))
        expect(isInTree(plan, proof, tree.root)).toBe(true)
        expect(isInTree({ ...plan, digest: digestOf('another plan') }, proof, tree.root)).toBe(false)
        expect(isInTree({ ...plan, host: `${plan.host}x` }, proof, tree.root)).toBe(false)
        expect(isInTree(plan, proof, digestOf('another tree'))).toBe(false)
      }
    }),
  )
})

test('a host without a plan has no proof', () => {
  expect(planTree([{ host: 'web-1', digest: digestOf(1) }]).proofOf('web-2')).toBeNull()
})

test('two plans for one host are a bug', () => {
  const twice = [1, 2].map((n) => ({ host: 'web-1', digest: digestOf(n) }))
  expect(() => planTree(twice)).toThrow('two plans for web-1')
})

type Plan = Parameters<typeof planTree>[0][number]
