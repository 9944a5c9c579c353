import { type Edit, edited, type Loot, takesLoot } from './edits.fixture.ts'
import { begin, type Flow, keepCookies, type Plan, type Step, stepsOf, urlsOf } from './flow.fixture.ts'
import { type Ledger, ledger } from './ledger.fixture.ts'
import { type Look, look } from './oracles.fixture.ts'
import { showsMarks } from './page-oracle.fixture.ts'
import type { Attack, Run } from './plan.fixture.ts'
import { initialAccessToken } from './setups.fixture.ts'
import { printed, read, type Shot, shot } from './shot.fixture.ts'
import type { Answer, Subject } from './subject.fixture.ts'
import type { WebChange } from './web.fixture.ts'

/** What must not be, and how it came about. */
export interface Violation {
  what: string
  /** The request after which it was seen, and its answer. */
  request: string
  answer: string
  /** What was done, in order. */
  history: readonly string[]
}

export type Counts = Record<string, number>

interface Inside {
  server: Subject
  known: Ledger
}

/** People whom nobody may disturb: one has a code that is not used yet, the other has tokens. */
interface Bystanders {
  withCode: Flow
  withTokens: Flow
}

/** Does what a run says to a server that nobody has used. Resolves to the first thing that is wrong. */
export async function execute(
  { plan, attacks }: Run,
  server: Subject,
  counts: Counts = {},
): Promise<Violation | undefined> {
  await server.ready()
  const inside: Inside = { server, known: ledger(plan.setup, server.now) }
  const history: string[] = []
  const steps = stepsOf(plan)
  const flow = begin(plan, server)
  for (const { web } of attacks) {
    if (web) count(counts, `hosts: the ${changedOf(flow, web)} of a ${plan.client} client`)
  }
  const began = server.now()
  count(counts, `plans: ${plan.setup}, ${plan.client}, ${plan.method ?? 'no method'}`)
  if (plan.prompt !== undefined) count(counts, `prompts: ${JSON.stringify(plan.prompt)}`)
  const hasLoot = attacks.some(({ edits }) => edits.some(takesLoot))
  const bystanders = hasLoot ? await stand(inside, plan) : undefined
  let isTouched = false

  const sent = async (
    name: string,
    request: Shot,
    may: { fail: boolean },
  ): Promise<Look & { violation?: Violation }> => {
    const seen = await look(inside, request, may)
    const { answer, faults } = seen
    const { path } = read(request)
    const route = server.mounted.routes.some((one) => one.path === path) ? path : 'other paths'
    count(counts, `${request.method} ${route} ${answer.status}`)
    if (request.headers.filter(({ name }) => name === 'authorization').length > 1)
      count(counts, `two Authorization headers: ${route} ${answer.status}`)
    if (showsMarks(answer)) count(counts, 'pages that show markup as text')
    history.push(`${name}: ${request.method} ${request.path} ${answer.status}`)
    const [what] = faults
    return what === undefined
      ? seen
      : { ...seen, violation: violation(faults.join('\n'), request, seen, history) }
  }

  for (const [index, step] of steps.entries()) {
    let isDone = false
    for (const attack of attacks) {
      if (!comesBefore(attack, step, index, steps.length)) continue
      const loot = lootOf(flow, bystanders)
      await begins(inside, attack, flow, loot)
      const request = attacking(attack, step, { flow, steps, server, loot })
      const may = { fail: attack.out !== undefined }
      let seen = await sent(attackName(attack, step), request, may)
      for (let time = 1; time < (attack.times ?? 1) && isIdle(seen); time++) {
        seen = await sent('once more', request, may)
      }
      const next = consentAfter(request, seen.answer, flow)
      if (next && !seen.violation) {
        const { violation } = await sent('where it leads', next, may)
        seen = { ...seen, ...(violation && { violation }) }
      }
      await ends(inside, attack, flow, server.now() - began < 60_000)
      if (seen.violation) return seen.violation
      // It was this browser's own; others keep what they are given themselves.
      if (seen.mayChange && seen.changes.length > 0) keepCookies(flow, seen.answer)
      if (seen.mayChange && bystanders && concerns(request, bystanders)) isTouched = true
      const good = step.request(flow)
      const isOfStep = read(request).path === good.path && request.method === good.method
      if (seen.mayChange && isOfStep && /^(token|refresh|revoke)$/.test(step.name)) {
        // It was good enough: this is what the flow goes on with.
        const isGood =
          (await step.take({ ...flow }, seen.answer, inside)) === undefined && seen.changes.length > 0
        if (isGood) {
          await step.take(flow, seen.answer, inside)
          isDone = true
        }
      }
      if (isOver(attack, step, request, seen))
        return bystanders && !isTouched ? undisturbed(bystanders) : undefined
    }
    if (isDone) continue
    const { request, ...seen } = await good(step, flow)
    if (seen.violation) return seen.violation
    noteDone(flow, request, seen.answer)
    const wrong = await step.take(flow, seen.answer, inside)
    if (wrong) return violation(`${step.name} does not work any more: ${wrong}`, request, seen, history)
  }
  return bystanders && !isTouched ? undisturbed(bystanders) : undefined

  /** A request as it should be, which may have to wait for a limit to pass. */
  async function good(step: Step, flow: Flow, name = step.name) {
    for (let turn = 0; ; turn++) {
      const request = step.request(flow)
      const seen = await sent(name, request, { fail: false })
      if (seen.answer.status !== 429 || seen.violation) return { request, ...seen }
      const isBeyond = /^(refresh|revoke)$/.test(step.name) || turn > 0
      const what = `${step.name} is refused, whose turn it is`
      if (isBeyond) return { request, ...seen, violation: violation(what, request, seen, history) }
      server.advance(Number(seen.answer.headers.get('retry-after')))
    }
  }

  /** Whoever had no part in it goes on as though nothing had been. */
  async function undisturbed({ withCode, withTokens }: Bystanders): Promise<Violation | undefined> {
    for (const [flow, name] of [
      [withCode, 'token'],
      [withTokens, 'refresh'],
    ] as const) {
      const step = stepsOf(flow.plan).find((one) => one.name === name)
      if (!step) continue
      const { request, ...seen } = await good(step, flow, `${name} of somebody else`)
      if (seen.violation) return seen.violation
      const wrong = await step.take(flow, seen.answer, inside)
      if (wrong)
        return violation(`somebody else's ${name} does not work any more: ${wrong}`, request, seen, history)
    }
    return undefined
  }
}

function comesBefore({ before }: Attack, step: Step, index: number, length: number): boolean {
  return typeof before === 'string' ? before === step.name : before % length === index
}

function count(counts: Counts, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1
}

function violation(what: string, request: Shot, { answer }: Look, history: readonly string[]): Violation {
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`)
  const text = answer.text.replace(/<style>.*?<\/style>/s, '').slice(0, 1500)
  return {
    what,
    request: printed(request),
    answer: [String(answer.status), ...headers, '', text].join('\n'),
    history: [...history],
  }
}

async function stand(inside: Inside, plan: Plan): Promise<Bystanders> {
  const until = async (last: string): Promise<Flow> => {
    const own = { ...plan, redirect_uri: 'https://other.example/callback', client_name: 'Other' }
    const flow = begin(own, inside.server, 'another')
    for (const step of stepsOf(flow.plan)) {
      const request = step.request(flow)
      let seen = await look(inside, request)
      if (seen.answer.status === 429) {
        inside.server.advance(Number(seen.answer.headers.get('retry-after')))
        seen = await look(inside, step.request(flow))
      }
      noteDone(flow, request, seen.answer)
      const wrong = await step.take(flow, seen.answer, inside)
      if (wrong) throw new Error(`${step.name} of a bystander: ${wrong}`)
      if (step.name === last) break
    }
    return flow
  }
  const isForm = plan.provider === 'acme'
  return { withCode: await until(isForm ? 'sign-in' : 'callback'), withTokens: await until('token') }
}

/** What a browser keeps, and what an onlooker has of a request that was answered. */
function noteDone(flow: Flow, request: Shot, answer: Answer): void {
  keepCookies(flow, answer)
  flow.used = request.form.find(({ name }) => name === 'client_assertion')?.value ?? flow.used
}

/** Whether nothing came of it, so that it may come again. */
const isIdle = (seen: Look & { violation?: Violation }) =>
  !seen.violation && (!seen.mayChange || seen.changes.length === 0)

function lootOf(own: Flow, others: Bystanders | undefined): Loot {
  const { withCode, withTokens } = others ?? { withCode: own, withTokens: own }
  const values = [
    withCode.client_id,
    withCode.client_secret,
    withCode.code,
    withCode.code_verifier,
    withCode.transaction,
    withCode.csrf,
    withCode.signInState,
    withCode.callback.state,
    withCode.callback.code,
    withTokens.client_id,
    withTokens.client_secret,
    withTokens.used,
    withTokens.access_token,
    withTokens.refresh_token,
    `Bearer ${withTokens.access_token}`,
    `Bearer ${withTokens.refresh_token}`,
    ...Object.values(withCode.cookies),
    own.client_id,
    own.client_secret,
    own.code,
    own.code_verifier,
    own.transaction,
    own.csrf,
    own.callback.state,
    own.access_token,
    own.refresh_token,
    ...Object.values(own.cookies),
  ]
  return {
    used: own.used ?? withTokens.used,
    values: values.filter((value) => value !== undefined),
    cookies: Object.entries(withCode.cookies).map(([name, value]) => ({ name, value })),
    credentials: [
      `Bearer ${withTokens.access_token}`,
      `Bearer ${own.access_token}`,
      `bearer  ${withTokens.access_token}`,
      `Bearer ${initialAccessToken}`,
      basicOf(withTokens),
      basicOf(own),
      `DPoP ${withTokens.access_token}`,
      ...['Bearer', 'Bearer x', 'Basic', 'Basic Og==', 'Negotiate x', ''],
    ],
  }
}

/** What a client wants people asked shows where its request leads: who is remembered is known there. */
function consentAfter({ query }: Shot, { headers }: Answer, { cookies }: Flow): Shot | undefined {
  const transaction = URL.parse(headers.get('location') ?? '')?.searchParams.get('transaction')
  if (!transaction || !query.some(({ name }) => name === 'prompt')) return undefined
  return shot('GET', '/consent', { headers: { accept: 'text/html' }, query: { transaction }, cookies })
}

const noLoot: Loot = { values: [], cookies: [], credentials: [] }

function basicOf({ client_id, client_secret = '' }: Flow): string {
  return `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`
}

function attacking(
  { like, edits }: Attack,
  step: Step,
  { flow, steps, server, loot }: { flow: Flow; steps: readonly Step[]; server: Subject; loot: Loot },
): Shot {
  const base = () => {
    if (like === 'same') return step.request(flow)
    if ('step' in like) return (steps[like.step % steps.length] ?? step).request(flow)
    const { routes } = server.mounted
    const { path, methods } = routes[like.route % routes.length] ?? { path: '/', methods: ['GET'] }
    return shot(methods[like.method % methods.length] ?? 'GET', path)
  }
  return edits.reduce((request: Shot, change: Edit) => edited(request, change, loot), base())
}

function attackName({ like, edits, out, web }: Attack, step: Step): string {
  const what = edits.map((edit) => edit.do).join(', ') || 'as it should be'
  const outage = out === undefined ? '' : ` while the ${out === 'provider' ? out : 'store'} is out`
  const hosts = web ? ` while its ${web.of} is ${JSON.stringify(web.as).slice(0, 100)}` : ''
  return `before ${step.name}, like ${like === 'same' ? 'it' : JSON.stringify(like)} (${what}${outage}${hosts})`
}

async function begins(
  { server, known }: Inside,
  { out, web }: Attack,
  flow: Flow,
  loot: Loot,
): Promise<void> {
  if (web) {
    server.web.change(urlsOf(flow)[changedOf(flow, web)], web.as, loot)
    if (web.isCold) await anotherInstance({ server, known })
  }
  if (out === 'provider') server.outage.provider = true
  else if (out) server.outage.store = out.store
}

/** @param isEarly whether there is time: codes are good for some minutes only */
async function ends({ server, known }: Inside, { web }: Attack, flow: Flow, isEarly: boolean): Promise<void> {
  server.outage.provider = false
  server.outage.store = undefined
  if (!web) return
  server.web.change(urlsOf(flow)[changedOf(flow, web)], undefined, noLoot)
  // What is right is kept for longer than that, also when it says something else.
  const isFailure = typeof web.as === 'string' || !('edits' in web.as)
  if (web.after === 'a minute' && isFailure && isEarly) server.advance(61)
  else await anotherInstance({ server, known })
}

/** A client that registers publishes its keys at most. */
const changedOf = ({ plan }: Flow, { of }: WebChange) => (plan.client === 'document' ? of : 'keys')

async function anotherInstance({ server, known }: Inside): Promise<void> {
  await server.another()
  known.clients.forget()
}

const concerns = (request: Shot, { withCode, withTokens }: Bystanders): boolean => {
  const { whole } = read(request)
  return [withCode.code, withTokens.access_token, withTokens.refresh_token].some((one) => whole.includes(one))
}

/** Whether somebody who may do so has ended the flow: nothing that comes after it need work. */
function isOver(
  { out, web }: Attack,
  step: Step,
  request: Shot,
  { answer, changes, mayChange }: Look,
): boolean {
  if (!mayChange) return false
  const location = answer.headers.get('location') ?? ''
  if (/[?&]error=/.test(location)) return true
  // Whoever has signed in is not shown the page for it.
  if (step.name === 'sign-in page' && /[?&]code=/.test(location)) return true
  if (changes.some(({ kind, what }) => kind === 'grant' && what === 'deleted')) return true
  // Who consents again chooses again where to sign in.
  const { path } = read(request)
  if (path === '/consent' && step.name !== 'consent' && changes.length > 0) return true
  if (out === undefined && web === undefined) return false
  // What the provider gave for this login is spent; and a sign-in may be done although its answer was 503.
  return path.startsWith('/callback/') || (path.startsWith('/sign-in/') && step.name === 'sign-in page')
}
