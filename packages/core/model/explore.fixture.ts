/** One run of a model from its beginning, led by whoever calls. */
export interface Run {
  /** What may happen next, by name. Empty: the run is over. */
  choices(): ReadonlyMap<string, () => void>
  /** Waits until nothing moves any more without another choice. */
  settle(): Promise<void>
  /** Equal texts promise equal futures. */
  state(): string
  /** Looks at what the run has come to. */
  conclude(): Promise<void>
  /** What must not have happened, and did. */
  violation(): string | undefined
}

export interface Exploration {
  /** Different orders of events, from the beginning to an end. */
  interleavings: number
  states: number
  /** How often the model was run from its beginning. */
  runs: number
  /** The first thing found that must not happen, and the choices that lead to it. */
  violation?: { what: string; choices: readonly string[] }
}

interface Step {
  before: Step | undefined
  choice: string
  /** The state in which it is made. */
  state: number
}

/**
 * Makes every sequence of choices there is. A run that reaches a known state is given up, since all that can follow
 * has been, or will be, looked at from there.
 *
 * Code that waits for promises cannot be set back, so every branch is a run from the beginning.
 */
export async function explore(begin: () => Promise<Run>, maximumRuns: number): Promise<Exploration> {
  const states = new Map<string, number>()
  const followers: number[][] = []
  const branches: (Step | undefined)[] = [undefined]
  let runs = 0

  const report = () => ({ interleavings: countPaths(followers), states: states.size, runs })

  while (branches.length > 0) {
    let step = branches.pop()
    if (++runs > maximumRuns) throw new Error(`more than ${maximumRuns} runs: the scenario is too large`)
    const run = await begin()
    for (const choice of choicesUpTo(step)) await follow(run, choice)
    for (;;) {
      const what = run.violation()
      if (what !== undefined) return { ...report(), violation: { what, choices: choicesUpTo(step) } }
      const state = run.state()
      const known = states.get(state)
      const id = known ?? states.size
      if (step) followers[step.state]?.push(id)
      if (known !== undefined) break
      states.set(state, id)
      followers.push([])
      const [first, ...others] = run.choices().keys()
      if (first === undefined) {
        await run.conclude()
        const found = run.violation()
        if (found !== undefined)
          return { ...report(), violation: { what: found, choices: choicesUpTo(step) } }
        break
      }
      for (const choice of others) branches.push({ before: step, choice, state: id })
      step = { before: step, choice: first, state: id }
      await follow(run, first)
    }
    // Without this, the test runner's own timers never get their turn.
    if (runs % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return report()
}

async function follow(run: Run, choice: string): Promise<void> {
  const act = run.choices().get(choice)
  if (!act) throw new Error(`the model does not repeat itself: there is no choice "${choice}" this time`)
  act()
  await run.settle()
}

function choicesUpTo(last: Step | undefined): string[] {
  const choices: string[] = []
  for (let step = last; step; step = step.before) choices.push(step.choice)
  return choices.reverse()
}

/** States never repeat on a path, so the graph has no cycle. */
function countPaths(followers: readonly (readonly number[])[]): number {
  const counted: number[] = []
  const pathsFrom = (state: number): number => {
    const known = counted[state]
    if (known !== undefined) return known
    const next = followers[state] ?? []
    const paths = next.length === 0 ? 1 : next.reduce((sum, one) => sum + pathsFrom(one), 0)
    counted[state] = paths
    return paths
  }
  return followers.length === 0 ? 0 : pathsFrom(0)
}
