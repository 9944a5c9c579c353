import { setTimeout as later } from 'node:timers/promises'
import { type Random, seeded } from '../soak/random.ts'
import { initialize, type Shot, shot } from './messages.fixture.ts'
import { type Oracle, oracle } from './oracle.fixture.ts'
import { callers, type Plan, planned } from './plan.fixture.ts'
import { endpoint, type Subject, subject } from './servers.fixture.ts'

export interface Report {
  seed: number
  plans: number
  messages: number
  seconds: number
  counts: Record<string, number>
  /** What must not be, and was. `plan` has it again. */
  found?: { what: string; plan: number; message: number; told: string } | undefined
}

interface CampaignOptions {
  seed: number
  /** Whichever comes first. */
  seconds: number
  messages?: number | undefined
  /** Only this one. */
  plan?: number | undefined
}

const messagesOfPlan = 60

/** Makes servers, sends to each what may come, and looks at what became of it, until something is wrong or time is up. */
export async function campaign({
  seed,
  seconds,
  messages = Number.POSITIVE_INFINITY,
  plan: only,
}: CampaignOptions): Promise<Report> {
  const began = performance.now()
  const report: Report = { seed, plans: 0, messages: 0, seconds: 0, counts: {} }
  // The SDK warns of options and names, for each server anew.
  const { warn } = console
  console.warn = () => {}
  const elapsed = () => (performance.now() - began) / 1000
  try {
    const goesOn = () => elapsed() < seconds && report.messages < messages && !report.found
    for (let nth = only ?? 0; goesOn(); nth += 1) {
      await onePlan(nth, seeded(seed + nth * 7919), report)
      report.plans += 1
      if (only !== undefined) break
    }
  } finally {
    console.warn = warn
  }
  report.seconds = Math.round(elapsed())
  return report
}

async function onePlan(nth: number, random: Random, report: Report): Promise<void> {
  const plan = planned(random)
  const under = subject(plan)
  const must = oracle(plan)
  const sessions = plan.sessions ? await begun(under) : new Map<string, string>()
  const events: string[] = []
  for (let message = 0; message < messagesOfPlan; message += 1) {
    const sent = shot(random, plan, { sessions, events })
    under.ran.length = 0
    const answer = await send(under, sent)
    report.messages += 1
    events.push(...[...answer.text.matchAll(/^id: ?(.+)$/gm)].map(([, id]) => id ?? ''))
    const what = wrong(plan, must, under, sent, answer)
    count(report.counts, under, answer, sent)
    if (what !== undefined) {
      const told = [sent.told, `${answer.status}: ${answer.text.slice(0, 3000)}`, JSON.stringify(plan)].join(
        '\n\n',
      )
      report.found = { what, plan: nth, message, told }
      break
    }
  }
  await under.close()
}

async function begun(under: Subject): Promise<Map<string, string>> {
  const sessions = new Map<string, string>()
  for (const token of Object.keys(callers)) {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    }
    const response = await under.fetch(
      new Request(endpoint, { method: 'POST', headers, body: JSON.stringify(initialize) }),
    )
    await response.text()
    const id = response.headers.get('mcp-session-id')
    if (id !== null) sessions.set(token, id)
  }
  return sessions
}

interface Answer {
  status: number
  text: string
  /** All messages in it. */
  messages: readonly Readonly<Record<string, unknown>>[]
  isUnanswered: boolean
}

/** Reads what comes at once: some streams stay open, and what has no answer to give may give none. */
async function send(under: Subject, { request }: Shot): Promise<Answer> {
  const leaving = new AbortController()
  const patience = new AbortController()
  const impatient = later(400, undefined, { signal: patience.signal }).then(
    () => leaving.abort(),
    () => {},
  )
  let text = ''
  let status = 0
  let isUnanswered = false
  try {
    const response = await Promise.race([
      under.fetch(new Request(request, { signal: leaving.signal })),
      new Promise<never>((_, reject) =>
        leaving.signal.addEventListener('abort', () => reject(new Error('no answer'))),
      ),
    ])
    status = response.status
    const reader = response.body?.getReader()
    const decoder = new TextDecoder()
    // Subscriptions stay open, and so do the streams of sessions, on which nothing may come at all.
    const soon = async () => (request.method === 'GET' ? later(10) : new Promise<never>(() => {}))
    for (;;) {
      const part = await Promise.race([reader?.read(), soon()])
      if (part && !part.done) text += decoder.decode(part.value, { stream: true })
      const isEnough = !part || part.done || text.includes('notifications/subscriptions/acknowledged')
      if (!isEnough) continue
      if (!part?.done) await reader?.cancel()
      break
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error
    isUnanswered = true
  }
  isUnanswered ||= leaving.signal.aborted
  patience.abort()
  await impatient
  return { status, text, messages: messagesIn(text), isUnanswered }
}

function messagesIn(text: string): Readonly<Record<string, unknown>>[] {
  const parts =
    text.startsWith('{') || text.startsWith('[')
      ? [text]
      : [...text.matchAll(/^data: ?([[{].*)$/gm)].map(([, data]) => data ?? '')
  return parts.flatMap((part) => {
    try {
      return [JSON.parse(part)].flat().filter((one) => typeof one === 'object' && one !== null)
    } catch {
      return []
    }
  })
}

/** What must not have happened, in words. */
function wrong(
  plan: Plan,
  must: Oracle,
  { ran }: Subject,
  { who, isBad }: Shot,
  answer: Answer,
): string | undefined {
  const caller = who === undefined ? undefined : callers[who]
  const name = who ?? (isBad ? 'bad credentials' : 'nobody')
  for (const { component, use, caller: seen, builtFor, passed } of ran) {
    const what = `${component.kind} ${JSON.stringify(component.name)} ${JSON.stringify(use)}`
    if (isBad) return `bad credentials reached ${what}`
    if (seen !== caller?.subject) return `${what} ran for ${seen}, and ${name} had sent it`
    if (builtFor !== caller?.subject) return `${what} of a server for ${builtFor} ran for ${name}`
    if (!must.mayUse(component, caller, use))
      return `${name} reached ${what}, which is ${JSON.stringify(component.policy)}`
    const isGiven = passed?.every((scope) => caller?.scopes.includes(scope)) ?? true
    if (!isGiven) return `${what} went on for ${name} without ${passed?.join(', ')}`
  }
  for (const component of plan.components) {
    if (!answer.text.includes(`mark-${component.id}`)) continue
    const what = `${component.kind} ${JSON.stringify(component.name)}, which is ${JSON.stringify(component.policy)}`
    if (isBad) return `bad credentials were shown ${what}`
    if (!must.mayBeListed(component, caller)) return `${name} was shown ${what}, with lists: ${plan.lists}`
  }
  for (const [said, , subject] of answer.text.matchAll(/ran (c\d+x) for (\w+)/g)) {
    if (isBad || subject !== String(caller?.subject)) return `${name} was given what others had: ${said}`
  }
  if (answer.status >= 500) return `was answered ${answer.status}`
  return answer.messages
    .map((message) => wrongMessage(plan, must, ran, message, who))
    .find((one) => one !== undefined)
}

function wrongMessage(
  plan: Plan,
  must: Oracle,
  ran: Subject['ran'],
  { result, params }: Readonly<Record<string, unknown>>,
  who: string | undefined,
): string | undefined {
  const { cacheScope, ttlMs, ...members } = Object(result)
  const isList = ['tools', 'prompts', 'resources', 'resourceTemplates'].some((member) =>
    Array.isArray(members[member]),
  )
  // Of 2025 there is nothing to say, unless the author said it.
  const isShared = cacheScope === 'public' || (cacheScope !== undefined && ttlMs > 0)
  if (isList && must.listsDiffer && isShared) return `a list of ${who} may be kept: ${cacheScope}, ${ttlMs}`
  const [read] = Array.isArray(members.contents) ? members.contents : []
  const isOfOne = ran.some(
    ({ component, use }) =>
      use?.uri === read?.uri && read?.text === `ran ${component.id}` && !must.isForAll(component, read.uri),
  )
  if (plan.line === 'v2' && cacheScope === 'public' && isOfOne) {
    return 'what is for some may be kept for all'
  }
  const { resourceSubscriptions } = Object(Object(params).notifications)
  const uris: unknown[] = Array.isArray(resourceSubscriptions) ? resourceSubscriptions : []
  const caller = who === undefined ? undefined : callers[who]
  const heard = uris.find((uri) => typeof uri === 'string' && !must.maySubscribe(uri, caller))
  return heard === undefined ? undefined : `${who} hears of ${JSON.stringify(heard)}`
}

function count(
  counts: Report['counts'],
  { ran }: Subject,
  answer: Answer,
  { request: { method }, who, isBad }: Shot,
): void {
  const add = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  const by = isBad ? 'bad credentials' : who === undefined ? 'nobody' : 'somebody'
  add(`${by}: ${answer.isUnanswered ? 'no answer' : answer.status}`)
  for (const { component, use, passed } of ran) {
    if (!passed) add(`${by} ${use ? 'used' : 'asked about'} a ${component.kind}`)
  }
  if (method === 'GET' && answer.text.includes('data: {')) add(`${by} resumed a stream`)
  if (answer.text.includes('mark-')) add(`${by} was shown a list`)
  if (answer.text.includes('notifications/subscriptions/acknowledged')) add(`${by} subscribed`)
}

export function printedReport({ seed, plans, messages, seconds, counts, found }: Report): string {
  const lines = Object.entries(counts)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, times]) => `  ${String(times).padStart(9)}  ${what}`)
  const head = `seed ${seed}: ${messages} messages to ${plans} servers, ${seconds} s`
  if (!found) return [head, ...lines, 'nothing happened that must not'].join('\n')
  const again = `again: pnpm -F e2e fuzz-components --seed ${seed} --plan ${found.plan}`
  return [head, ...lines, `must not happen, and did: ${found.what}`, '', found.told, '', again].join('\n')
}
