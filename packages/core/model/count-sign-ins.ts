import { daysUnnoticed, setups, signInsPerDay, strategies, type Terms } from './sign-ins.fixture.ts'

/** `pnpm -F @drawbridge/core count-sign-ins`: what the bounds of rotation cost people, and what they show of thieves. */

const hour = 3600
const terms: Readonly<Record<string, Terms>> = {
  '5 min': { accessToken: 300 },
  '1 h': { accessToken: hour },
  '8 h': { accessToken: 8 * hour },
  'window 600': { accessToken: hour, refresh: { window: 600 } },
  'lostResponse 0': { accessToken: hour, refresh: { lostResponse: 0 } },
  'lostResponse 86400': { accessToken: hour, refresh: { lostResponse: 86_400 } },
  'streak 3600': { accessToken: hour, refresh: { streak: hour } },
  'streak 604800': { accessToken: hour, refresh: { streak: 7 * 86_400 } },
  'streakCount 50': { accessToken: hour, refresh: { streakCount: 50 } },
  'rotateEvery 14400': { accessToken: hour, refresh: { rotateEvery: 4 * hour } },
}

async function row(count: (one: Terms) => Promise<number>): Promise<Record<string, string>> {
  const cells: Record<string, string> = {}
  for (const [name, one] of Object.entries(terms)) cells[name] = written(await count(one))
  return cells
}

function written(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'over 30'
  return value === 0 ? '0' : value.toPrecision(2)
}

const honest: Record<string, Record<string, string>> = {}
for (const [name, setup] of Object.entries(setups)) {
  honest[name] = await row((one) => signInsPerDay(setup, one))
}
console.log(
  'Sign-ins per day that a refused refresh costs. Access tokens of 5 min, 1 h, 8 h; then 1 h and one option',
)
console.table(honest)
const thieves: Record<string, Record<string, string>> = {}
for (const strategy of ['fast', 'long', 'turns', 'streak', 'shadow'] as const) {
  thieves[strategies[strategy]] = await row((one) => daysUnnoticed(strategy, one))
}
console.log(
  'Days until somebody is refused, from the first visit of a thief to a client of one process; median of five',
)
console.table(thieves)
