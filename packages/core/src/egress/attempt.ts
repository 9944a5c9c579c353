import { isNamed } from '../errors.ts'
import { EgressFailed } from './egress.ts'

/** A signal that aborts after so many milliseconds. Tests abort by themselves, and wait for nothing. */
export type Deadline = (milliseconds: number) => AbortSignal

/** Does work until a deadline, also when the work does not heed the signal. It ends with nothing but `EgressFailed`. */
export async function attempt<T>(deadline: AbortSignal, work: () => Promise<T>): Promise<T> {
  const tooLate = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(new EgressFailed('timeout')), { once: true })
  })
  try {
    deadline.throwIfAborted()
    return await Promise.race([work(), tooLate])
  } catch (error) {
    if (isNamed<EgressFailed>(error, 'EgressFailed')) throw error
    throw new EgressFailed(deadline.aborted ? 'timeout' : 'unreachable', { cause: error })
  }
}
