import { type Html, html } from './html.ts'
import { mark, type Page, type Shell } from './layout.ts'
import { english, type Messages } from './messages.ts'
import { displayText, isolate, mixesAlphabets, phrase } from './text.ts'
import { urlText, webLink } from './web-link.ts'

/** What the consent page shows. Nothing in the form is trusted when it comes back, the transaction is. */
export interface ConsentPage {
  client: ConsentClient
  redirect: {
    uri: string
    kind: RedirectKind
  }
  /**
   * The effective scopes. Words for them: the operator's (of `messages.scopes`, which may be a translation, else
   * `description`), else the provider's, else ours, else the scope itself.
   */
  scopes: readonly {
    name: string
    description?: string | undefined
    providerWords?: string | undefined
  }[]
  resource: { url: string; name?: string | undefined }
  /** One: its button approves. Several: one button each. */
  providers: readonly { id: string; label: string; icon?: { svg: string } | undefined }[]
  /** Comes back as the form's `csrf`. */
  csrf: string
  /** Where the form is posted. */
  action: string
}

/** What kind of address the client is answered at (RFC 8252 7). */
type RedirectKind = 'loopback' | 'https' | 'private-use'

interface ConsentClient {
  id: string
  /** As the client gave it: unverified, unless it is `listed`. */
  name?: string | undefined
  uri?: string | undefined
  /** The domain that publishes the client's metadata document. */
  verifiedDomain?: string | undefined
  /** The operator wants people to look twice at that domain. */
  doubted?: boolean | undefined
  /** The operator listed this client, so its name is the operator's. */
  listed?: boolean | undefined
  /** Unix seconds. */
  registeredAt?: number | undefined
}

/**
 * Asks whether a client may act for the person, before anyone signs in. The form posts `csrf` with `decision=deny`,
 * `decision=approve`, or, where there are several providers, `provider=<id>`, which approves.
 */
export function consentPage(shell: Shell, data: ConsentPage): Page {
  const { messages } = shell
  const client = clientName(data.client, messages)
  const server = displayText(data.resource.name ?? shell.name)
  return {
    status: 200,
    title: messages.consentTitle(isolate(client), isolate(server)),
    body: html`
<h1>${phrase(messages.consentHeading(isolate(client), isolate(server)))}</h1>
<dl class="facts">
<div>
<dt>${messages.clientLabel}</dt>
<dd><b><bdi>${client}</bdi></b> ${standing(shell, data)}</dd>
</div>
<div>
<dt>${messages.redirectLabel}</dt>
<dd><b>${urlText(destination(data.redirect))}</b>
${data.redirect.kind === 'https' && html`<p class="small quiet">${messages.redirectWebHint}</p>`}</dd>
</div>
<div>
<dt>${messages.resourceLabel}</dt>
<dd>${urlText(data.resource.url.replace(/^https:\/\//, ''))}</dd>
</div>
</dl>
${notice(data.redirect.kind, messages)}
<section aria-labelledby="scopes">
<h2 id="scopes">${messages.scopesHeading}</h2>
<ul class="scopes">${scopeItems(data.scopes, messages)}</ul>
</section>
<form method="post" action="${data.action}" autocomplete="off">
<input type="hidden" name="csrf" value="${data.csrf}">
<p class="small quiet">${phrase(nextStep(data.providers, messages))}</p>
${approveButtons(data.providers, messages)}
<button class="plain" name="decision" value="deny">${messages.cancel}</button>
</form>
${technicalDetails(shell, data)}`,
  }
}

const nameLimit = 50

function clientName(client: ConsentClient, messages: Messages): string {
  return displayText(client.name ?? '', nameLimit) || messages.unnamedClient
}

/** How far the client's name can be believed. */
function standing({ messages, name }: Shell, { client, redirect }: ConsentPage): Html {
  const warning =
    !client.listed &&
    mixesAlphabets(displayText(client.name ?? '', nameLimit)) &&
    html`<p class="notice">${messages.mixedAlphabets}</p>`
  const [badge, hint] = standingText(messages, name, client, redirect.kind)
  // Any program on the device can use a public client's identifier with these redirects (RFC 8252 8.6).
  const proven = redirect.kind === 'https' && (client.listed || client.verifiedDomain)
  return html`<span class="${proven ? 'badge good' : 'badge'}">${phrase(badge)}</span>
${hint && html`<p class="small quiet">${phrase(hint)}</p>`}${warning}
${client.doubted && html`<p class="notice">${messages.doubtedDomain}</p>`}`
}

function standingText(
  messages: Messages,
  server: string,
  client: ConsentClient,
  kind: RedirectKind,
): [badge: string, hint: string] {
  if (client.listed) return [messages.listed, messages.listedHint(isolate(displayText(server)))]
  const named = displayText(client.name ?? '') !== ''
  if (!client.verifiedDomain) return [messages.unverified, named ? messages.unverifiedHint : '']
  const domain = isolate(displayText(client.verifiedDomain, 253))
  return kind === 'https'
    ? [messages.verifiedDomain(domain), messages.verifiedDomainHint(domain)]
    : [messages.claimedDomain(domain), messages.claimedDomainHint]
}

/** The host, in ASCII and never shortened, or for a private-use URI its scheme. */
function destination({ uri, kind }: ConsentPage['redirect']): string {
  if (kind === 'private-use') return /^[^:]*:\/*/.exec(uri)?.[0] ?? uri
  return URL.canParse(uri) ? new URL(uri).host : uri
}

function notice(kind: RedirectKind, messages: Messages): Html | undefined {
  if (kind === 'https') return undefined
  const [title, hint] =
    kind === 'loopback'
      ? [messages.loopbackTitle, messages.loopbackHint]
      : [messages.privateUseTitle, messages.privateUseHint]
  return html`<p class="notice"><strong>${title}</strong> ${hint}</p>`
}

function scopeItems(scopes: ConsentPage['scopes'], messages: Messages): readonly Html[] {
  if (scopes.length === 0) return [html`<li>${messages.noScopes}</li>`]
  return scopes.map(({ name, description, providerWords }) => {
    const known = messageOf(messages, name)
    const own = known === messageOf(english, name) ? undefined : known
    const words = own || description || providerWords || known
    return words ? html`<li>${words}</li>` : html`<li><bdi dir="ltr">${displayText(name, 200)}</bdi></li>`
  })
}

function messageOf({ scopes }: Messages, name: string): string | undefined {
  return Object.hasOwn(scopes, name) ? scopes[name] : undefined
}

function technicalDetails(
  { messages, issuer }: Shell,
  { client, redirect, resource, scopes }: ConsentPage,
): Html {
  const code = (value: string): Html => html`<code>${urlText(value)}</code>`
  const row = (label: string, value: Html): Html => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`
  const names = scopes.map((scope) => scope.name).join(' ')
  return html`<details>
<summary>${messages.details}</summary>
<dl class="details">
${row(messages.detailClientId, code(client.id))}
${client.uri && row(messages.detailWebsite, webLink(client.uri))}
${client.registeredAt && row(messages.detailRegistered, day(client.registeredAt, messages.lang))}
${row(messages.detailRedirectUri, code(redirect.uri))}
${row(messages.detailResource, code(resource.url))}
${names && row(messages.detailScopes, code(names))}
${row(messages.detailIssuer, code(issuer))}
</dl>
</details>`
}

function day(unixSeconds: number, lang: string): Html {
  const date = new Date(unixSeconds * 1000)
  const words = new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone: 'UTC' }).format(date)
  return html`<time datetime="${date.toISOString()}">${words}</time>`
}

function nextStep(providers: ConsentPage['providers'], messages: Messages): string {
  const [only, ...others] = providers
  return only && others.length === 0 ? messages.nextStep(isolate(only.label)) : messages.nextStepChoice
}

function approveButtons(providers: ConsentPage['providers'], messages: Messages): readonly Html[] {
  return providers.map(({ id, label, icon }) => {
    const text = [mark(icon), phrase(messages.continueWith(isolate(label)))]
    return providers.length === 1
      ? html`<button name="decision" value="approve">${text}</button>`
      : html`<button class="choice" name="provider" value="${id}">${text}</button>\n`
  })
}
