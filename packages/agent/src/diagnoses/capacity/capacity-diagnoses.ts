/** Diagnoses of what is too little: workers, queue, memory, processes, files, connections, disk. */
import { poolExhausted } from './pool-exhausted.ts'

export const capacityDiagnoses = [poolExhausted]
