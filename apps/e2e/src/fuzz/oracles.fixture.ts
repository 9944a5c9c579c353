import { answerFaults } from './answer-oracle.fixture.ts'
import { clientFaults, mayBeUnavailable } from './client-oracle.fixture.ts'
import { begin, keepCookies, type Plan, stepsOf } from './flow.fixture.ts'
import { type Ledger, ledger } from './ledger.fixture.ts'
import { pageFaults } from './page-oracle.fixture.ts'
import { redirectFaults } from './redirect-oracle.fixture.ts'
import { type Reading, read, type Shot } from './shot.fixture.ts'
import { type Answer, type Change, fire, providerIds, type Subject, subject } from './subject.fixture.ts'

/** What came of one request, and what is wrong with it. */
export interface Look {
  answer: Answer
  changes: readonly Change[]
  /** Whether it held all that somebody must have who may change something. */
  mayChange: boolean
  faults: readonly string[]
}

/** Sends a request and judges everything that comes of it. */
export async function look(
  { server, known }: { server: Subject; known: Ledger },
  request: Shot,
  may: { fail: boolean } = { fail: false },
): Promise<Look> {
  const answer = await fire(server, request)
  await server.settle()
  const reading = read(request)
  const fetched = server.web.fetched()
  known.clients.served(fetched)
  const mayChange = known.mayChange(request, answer)
  const { counts, changes } = apart(server.changes())
  const told = server.told()
  const faults = [...server.faults(), ...countFaults(known, counts)]
  faults.push(...(await stateFaults(known, reading, changes, mayChange && answer.status !== 429)))
  // What an application around it answers is the application's own.
  if (answer.isOurs) {
    const mayFail = may.fail || mayBeUnavailable(known, reading)
    faults.push(
      ...answerFaults(reading, answer, { fail: mayFail }),
      ...redirectFaults(known, reading, answer),
    )
    faults.push(...entryFaults(known, reading, request, answer, mayChange))
    faults.push(...clientFaults(known, reading, answer, fetched))
    if (answer.headers.get('content-type')?.startsWith('text/html') && answer.text !== '')
      faults.push(...pageFaults(answer))
  } else if (answer.status >= 500)
    faults.push(`${answer.status} of the application: ${answer.text.slice(0, 200)}`)
  known.learn(request, answer)
  if (changes.some(({ kind }) => kind === 'assertion')) known.clients.spend(reading)
  if (changes.some(({ kind, what }) => kind === 'grant' && what === 'deleted')) known.ended()
  faults.push(...secretFaults({ server, known }, reading, answer, told))
  return { answer, changes, mayChange, faults }
}

/** What limits count is nobody's business but theirs. */
function apart(all: readonly Change[]): { counts: Change[]; changes: Change[] } {
  const isCount = ({ kind }: Change) => kind === 'request-count'
  return { counts: all.filter(isCount), changes: all.filter((change) => !isCount(change)) }
}

/** One place for each request at most, of a number of places that nobody's requests make larger. */
function countFaults({ setup }: Ledger, counts: readonly Change[]): string[] {
  if (setup !== 'limits') return counts.map(({ key }) => `${key}, and there are no limits`)
  const odd = counts.filter(({ key, what }) => what === 'deleted' || !/^request-count\/\w{1,4}$/.test(key))
  const faults = odd.map(({ key, what }) => `${key} was ${what}`)
  return counts.length > 1 ? [...faults, `one request, and ${counts.length} places of counts`] : faults
}

/** Who gets something must have had what it takes. */
function entryFaults(
  known: Ledger,
  reading: Reading,
  request: Shot,
  answer: Answer,
  mayChange: boolean,
): string[] {
  const { status, text } = answer
  if (status === 200 && reading.path === '/token' && text.includes('access_token') && !mayChange) {
    return ['tokens for a request that has not what it takes']
  }
  if (status === 200 && reading.path === '/revoke' && known.clients.proven(reading).length === 0) {
    return ['a client that has not shown who it is may revoke']
  }
  const bearer = /^bearer +(\S+)$/i.exec(reading.header('authorization')?.trim() ?? '')?.[1] ?? ''
  if (
    status >= 200 &&
    status < 300 &&
    reading.path === '/mcp' &&
    request.method !== 'OPTIONS' &&
    !known.isAccessToken(bearer)
  ) {
    return ['a request without a good token comes in']
  }
  const location = answer.headers.get('location')
  if (location && /^\/(callback|sign-in)\//.test(reading.path) && /[?&]code=/.test(location) && !mayChange) {
    const isPassedOn = location.startsWith('https://mcp.test/callback/')
    return isPassedOn ? [] : ['a code for a request that has not what it takes']
  }
  return []
}

type Kinds = Map<string, number>
let usual: Promise<Map<string, Kinds>> | undefined

/** What a good request leaves behind, by path: seen in flows in which nothing else happens. */
function usuallyLeft(): Promise<Map<string, Kinds>> {
  usual ??= (async () => {
    const found = new Map<string, Kinds>()
    const kindsOfFlows = providerIds.flatMap((provider) =>
      (['registered', 'document'] as const).map((client) => ({ provider, client })),
    )
    for (const { provider, client } of kindsOfFlows) {
      const server = subject()
      const inside = { server, known: ledger('usual', server.now) }
      const plan: Plan = {
        setup: 'usual',
        client,
        keys: 'jwks',
        document: '/client.json',
        provider,
        method: 'none',
        redirect_uri: 'https://app.example/callback',
        client_name: 'x',
        client_uri: 'https://app.example',
        scope: undefined,
        state: 'x',
        login_hint: undefined,
        prompt: undefined,
      }
      const flow = begin(plan, server)
      await inside.server.ready()
      for (const step of stepsOf(plan)) {
        const request = step.request(flow)
        const answer = await fire(inside.server, request)
        await inside.server.settle()
        keepCookies(flow, answer)
        inside.known.learn(request, answer)
        const wrong = await step.take(flow, answer, inside)
        if (wrong) throw new Error(`${step.name}, when nobody disturbs it: ${wrong}`)
        const kinds = found.get(request.path) ?? new Map<string, number>()
        for (const [kind, count] of created(inside.server.changes()))
          kinds.set(kind, Math.max(count, kinds.get(kind) ?? 0))
        found.set(request.path, kinds)
      }
    }
    return found
  })()
  return usual
}

function created(changes: readonly Change[]): Kinds {
  const counts: Kinds = new Map()
  for (const { kind, what } of changes) if (what === 'created') counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** A request that may do nothing leaves nothing behind and takes nothing away; a good one leaves what good ones leave. */
async function stateFaults(
  { setup }: Ledger,
  { path, form }: Reading,
  changes: readonly Change[],
  mayChange: boolean,
): Promise<string[]> {
  if (!mayChange)
    return changes.map(({ kind, what }) => `a request that may do nothing, and a ${kind} was ${what}`)
  const left = new Map((await usuallyLeft()).get(path))
  // RFC 7523 3: that it was used.
  if (form.getAll('client_assertion').some(Boolean)) left.set('assertion', 1)
  if (setup === 'remembered consent' && left.has('grant')) left.set('session', 1)
  return [...created(changes)].flatMap(([kind, count]) =>
    count > (left.get(kind) ?? 0)
      ? [`${count} of ${kind} are left, and good requests leave ${left.get(kind) ?? 0}`]
      : [],
  )
}

/** What lets somebody do something is told to nobody but who it is for. */
function secretFaults(
  { server, known }: { server: Subject; known: Ledger },
  reading: Reading,
  { isOurs, status, headers, text: whole }: Answer,
  told: string,
): string[] {
  // Whoever mistyped sees their own name again, whatever it was.
  // Nor is it ours what an application says of paths that are not.
  const text = (isOurs ? whole : '').replace(/(name="username"[^>]* value=")[^"]*"/, '$1"')
  const isPage = headers.get('content-type')?.startsWith('text/html') ?? false
  const location = headers.get('location') ?? ''
  // What a provider has a browser post here goes on as it is, to ourselves.
  const isPassedOn = location.startsWith('https://mcp.test/callback/')
  const description =
    (!isPassedOn && new URLSearchParams(location.split('?')[1]).get('error_description')) || ''
  const faults: string[] = []
  for (const secret of [...known.secrets, ...server.secrets]) {
    if (told.includes(secret)) faults.push(`a credential is told: ${around(told, secret)}`)
    if (description.includes(secret)) faults.push(`a credential in an error_description: ${description}`)
    if (status < 400 || !text.includes(secret)) continue
    // A page that is shown again has its form; who registers is told what they wrote, and a JSON-RPC error has its id.
    if (isPage && isOfForms(text, secret)) continue
    if (/^\/(register|mcp)$/.test(reading.path) && reading.whole.includes(secret)) continue
    // What a document says, everybody can read.
    if (known.clients.publishes(secret)) continue
    faults.push(`a credential in an error: ${around(text, secret)}`)
  }
  for (const secret of server.secrets)
    if (text.includes(secret)) faults.push(`a secret of the server is answered: ${around(text, secret)}`)
  return faults
}

function isOfForms(text: string, secret: string): boolean {
  const rest = text
    .replace(/<form method="post" action="[^"]*"/g, '')
    .replace(/name="csrf" value="[^"]*"/g, '')
    .replace(/(?:href|value)="[^"]*[?&]transaction=[^"]*"/g, '')
    // The client's own, which goes back to it.
    .replace(/(class="button" href="[^"]*(?:&amp;|\?)state=)[^"&]*/g, '$1')
  return !rest.includes(secret)
}

function around(text: string, secret: string): string {
  const index = text.indexOf(secret)
  return text.slice(Math.max(0, index - 160), index + secret.length + 40)
}
