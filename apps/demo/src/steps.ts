/** Prints one line per step with the time it took, and stops at the first that fails. */
export interface Steps {
  step<T>(title: string, work: () => Promise<T>, tell: (result: T) => string): Promise<T>
}

export function steps(print: (line: string) => void): Steps {
  let number = 0
  return {
    async step(title, work, tell) {
      number++
      const label = `${String(number).padStart(2)}  ${title.padEnd(16)}`
      const began = performance.now()
      try {
        const result = await work()
        const took = `${Math.round(performance.now() - began)} ms`
        print(`${label} ${took.padStart(7)}   ${tell(result)}`)
        return result
      } catch (error) {
        print(`${label}  FAILED   ${error instanceof Error ? error.message : String(error)}`)
        throw error
      }
    },
  }
}
