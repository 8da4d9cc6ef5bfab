/**
 * What agents say that they can find and do, once for all that say the same: a catalogue is forty kilobytes, and a fleet has
 * few of them. Kept as long as a host that has it is connected.
 */
import { digestOf, type Catalogue, type Digest, type Hello } from '@fleetmend/shared'

export interface Catalogues {
  /** What can be left out of an answer, from now until it is there. */
  ask(): AskedCatalogue
}

export interface AskedCatalogue {
  readonly knows: Digest[]
  /** With the catalogue that was left out; null: it names one that it was not asked about. Kept until `ended`. */
  complete(said: Hello, ended: Promise<unknown>): Hello | null
}

interface Kept {
  readonly digest: Digest
  readonly catalogue: Catalogue
  hosts: number
}

/** As many as anybody names: those that most hosts have. A fleet in the middle of an upgrade has two. */
const mostNamed = 8

export function openCatalogues(): Catalogues {
  const kept = new Map<Digest, Kept>()

  /** A catalogue that cannot be hashed is its host's own. */
  function keptOf(catalogue: Catalogue): Kept | null {
    try {
      const digest = digestOf(catalogue)
      return kept.get(digest) ?? { digest, catalogue, hosts: 0 }
    } catch {
      return null
    }
  }

  function hold(one: Kept, ended: Promise<unknown>): void {
    one.hosts++
    kept.set(one.digest, one)
    void ended.then(() => {
      if (--one.hosts === 0 && kept.get(one.digest) === one) kept.delete(one.digest)
    })
  }

  return {
    ask() {
      const named = kept.size <= mostNamed ? [...kept.values()] : mostUsed([...kept.values()])
      return {
        knows: named.map(({ digest }) => digest),
        complete({ known, ...said }, ended) {
          const one = known === undefined ? keptOf(said.catalogue) : named.find(({ digest }) => digest === known)
          if (!one) return known === undefined ? said : null
          hold(one, ended)
          return { ...said, catalogue: one.catalogue }
        },
      }
    },
  }
}

function mostUsed(all: readonly Kept[]): readonly Kept[] {
  return all.toSorted((a, b) => b.hosts - a.hosts).slice(0, mostNamed)
}
