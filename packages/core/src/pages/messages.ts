import { ConfigurationError } from '../errors.ts'
import { didYouMean } from '../known-options.ts'

/**
 * Every word the pages show. Override any of them, for another language or another tone. Names that stand in a
 * sentence are parameters; they arrive cleaned and marked for their writing direction, and are escaped afterwards.
 */
export interface Messages {
  /** The language of these messages, a BCP 47 tag: it is the page's `lang`, and formats dates. */
  lang: string
  /** The writing direction. */
  dir: 'ltr' | 'rtl'

  /** The question on the consent page. */
  consentHeading: (client: string, server: string) => string
  /** The browser tab's title for it. */
  consentTitle: (client: string, server: string) => string
  /** Stands for a client that gave no name, inside a sentence. */
  unnamedClient: string
  /** Introduces the client. */
  clientLabel: string
  /** Beside a name that a client gave itself. */
  unverified: string
  unverifiedHint: string
  /** Beside the name of a client whose identifier is an address under this domain. */
  verifiedDomain: (domain: string) => string
  verifiedDomainHint: (domain: string) => string
  /** The same where it cannot be proved: any program on the device may use that identifier. */
  claimedDomain: (domain: string) => string
  claimedDomainHint: string
  /** Beside the name of a client that the operator listed. */
  listed: string
  listedHint: (server: string) => string
  /** Beside the domain of a client that the operator wants people to look twice at. */
  doubtedDomain: string
  /** For a name that mixes alphabets, as names made to deceive do. */
  mixedAlphabets: string
  /** Introduces where the browser goes after the answer. */
  redirectLabel: string
  redirectWebHint: string
  /** For a client on the person's own computer (RFC 8252 7.3). */
  loopbackTitle: string
  loopbackHint: string
  /** For a client reached by a scheme of its own (RFC 8252 7.1). */
  privateUseTitle: string
  privateUseHint: string
  /** Introduces the server that the client wants to use. */
  resourceLabel: string
  /** Introduces the scopes. */
  scopesHeading: string
  /** For a client that asked for no scope. */
  noScopes: string
  /** What each scope allows, in words, by scope. Your entries are added to the default ones. */
  scopes: Readonly<Record<string, string>>
  /** What comes after the button, with one provider. */
  nextStep: (provider: string) => string
  /** The same with several. */
  nextStepChoice: string
  continueWith: (provider: string) => string
  cancel: string

  /** On a page where people sign in to this server itself. */
  signInHeading: (label: string) => string
  signInTitle: (label: string) => string
  /** Where it leads to. */
  signInFor: (client: string) => string
  signIn: string
  /** What was typed lets nobody in. Says nothing of which part was wrong. */
  signInInvalid: string
  /** After too many tries. */
  signInLocked: string

  /** Opens the technical details. */
  details: string
  detailClientId: string
  detailWebsite: string
  detailRegistered: string
  detailRedirectUri: string
  detailResource: string
  detailScopes: string
  detailIssuer: string

  /** When the link or the form is too old, or was used before. */
  linkExpired: ErrorText
  /** When the form came from elsewhere, or without what this page had set. */
  formRefused: ErrorText
  /** When the browser is not the one that began, or keeps no cookies, as in some embedded windows. */
  otherBrowser: ErrorText
  /** When the client is not known (any more). */
  unknownClient: ErrorText
  /** When what a client publishes about itself cannot be fetched now. */
  clientUnavailable: ErrorText
  /** When what a client publishes about itself is not what it should be. */
  clientDocument: ErrorText
  /** When clients from this host are not let in. */
  clientHost: ErrorText
  /** The same where clients cannot register by themselves. */
  unlistedClient: ErrorText
  /** When the client asks to be answered at an address it has not registered. */
  unknownRedirect: ErrorText
  /** When the client's request is not a valid one, and it cannot be told so itself. */
  invalidRequest: ErrorText
  /** When something we depend on does not answer. */
  unavailable: ErrorText
  /** When too much comes from where this person is. */
  tooManyRequests: ErrorText
  /** When we have failed. */
  unexpected: ErrorText
  /** The link to where an app is answered on the web, from a page about its faulty request. */
  backTo: (host: string) => string
  /** The button to the person's own browser, out of an embedded window. */
  openInBrowser: string
  copyAddress: string
  /** Introduces what the client's developer can use. */
  errorDetail: string
  reference: (reference: string) => string

  /** When a step that was done already is opened again. */
  doneTitle: string
  doneMessage: string
  doneHint: string
}

/** What an error page says: what happened, and what to do about it. */
export interface ErrorText {
  title: string
  message: string
  hint?: string | undefined
}

export const english: Messages = {
  lang: 'en',
  dir: 'ltr',

  consentHeading: (client, server) => `Let “${client}” use ${server}?`,
  consentTitle: (client, server) => `Let ${client} use ${server}?`,
  unnamedClient: 'An app without a name',
  clientLabel: 'App',
  unverified: 'Not verified',
  unverifiedHint: 'The app chose this name itself.',
  verifiedDomain: (domain) => `Verified: ${domain}`,
  verifiedDomainHint: (domain) => `Published by the owner of ${domain}.`,
  claimedDomain: (domain) => `Says it is from ${domain}`,
  claimedDomainHint: 'An app on your device cannot prove this.',
  listed: 'Known app',
  listedHint: (server) => `Set up by the people who run ${server}.`,
  doubtedDomain:
    'The people who run this server do not know this domain. Continue only if you know it, and have just started this app yourself.',
  mixedAlphabets:
    'This name mixes letters of different alphabets that look alike. It may imitate another app.',
  redirectLabel: 'Takes you to',
  redirectWebHint: 'Only continue if you know this address and came from it.',
  loopbackTitle: 'This app runs on your own computer',
  loopbackHint: 'Only continue if you just started connecting from it.',
  privateUseTitle: 'This opens an app on your device',
  privateUseHint: 'Only continue if you just started connecting from that app.',
  resourceLabel: 'Server',
  scopesHeading: 'If you continue, it will be able to',
  noScopes: 'Use this server as you',
  scopes: {
    openid: 'Know that it is you',
    profile: 'See your name and picture',
    email: 'See your email address',
    offline_access: 'Stay connected while you are away',
  },
  nextStep: (provider) => `Next, you sign in with ${provider}. The app never sees your password.`,
  nextStepChoice: 'Next, you sign in with the account you choose. The app never sees your password.',
  continueWith: (provider) => `Continue with ${provider}`,
  cancel: 'Cancel',

  signInHeading: (label) => `Sign in with ${label}`,
  signInTitle: (label) => `Sign in with ${label}`,
  signInFor: (client) => `To continue to “${client}”, which never sees what you type here.`,
  signIn: 'Sign in',
  signInInvalid: 'That did not match. Check what you typed and try again.',
  signInLocked: 'Too many tries. Wait a few minutes and try again.',

  details: 'Technical details',
  detailClientId: 'Client ID',
  detailWebsite: 'Website it names',
  detailRegistered: 'Registered',
  detailRedirectUri: 'Redirect address',
  detailResource: 'Resource',
  detailScopes: 'Scopes',
  detailIssuer: 'Issuer',

  linkExpired: {
    title: 'This link is no longer valid',
    message: 'It was open for too long, or it has been used already. Nothing was shared.',
    hint: 'Go back to your app and connect again.',
  },
  formRefused: {
    title: 'Let’s try that again',
    message: 'We could not be sure that this answer came from our own page, so we did not use it.',
    hint: 'Go back to your app and connect again. Allow cookies for this site if they are blocked.',
  },
  otherBrowser: {
    title: 'Please continue in one browser',
    message:
      'You began in another browser, or this window does not keep cookies. We stop here to protect you.',
    hint: 'Go back to your app and connect again, and stay in the same browser until you are done.',
  },
  unknownClient: {
    title: 'This app is not registered here',
    message: 'Its registration has expired or was never made. You did nothing wrong.',
    hint: 'Restart the app and connect again. If that does not help, remove this server in the app, which clears its saved registration, and add it again.',
  },
  clientUnavailable: {
    title: 'This app could not be looked up',
    message:
      'It introduces itself by a page of its own, which does not answer at the moment. You did nothing wrong.',
    hint: 'Wait a minute, go back to the app and connect again. If that does not help, tell whoever makes the app.',
  },
  clientDocument: {
    title: 'This app does not introduce itself rightly',
    message: 'It does so by a page of its own, and something there is wrong. Nobody was signed in.',
    hint: 'Tell whoever makes the app. What is wrong stands below.',
  },
  clientHost: {
    title: 'This app is not let in here',
    message: 'Whoever runs this server does not accept apps from its domain.',
    hint: 'If you need the app, ask them to allow it.',
  },
  unlistedClient: {
    title: 'This app is not known here',
    message:
      'Nobody has set it up, and it has not introduced itself in a way that counts here. You did nothing wrong.',
    hint: 'Ask the people who run this server to add the app, or connect with one that they have set up.',
  },
  unknownRedirect: {
    title: 'This app asked for something unexpected',
    message: 'It wants to take you to an address it has not registered here, so we stopped.',
    hint: 'If you trust the app, remove this server in it, add it again, and connect. Otherwise close this window.',
  },
  invalidRequest: {
    title: 'This app’s request is not complete',
    message: 'The app sent something we cannot use, so nobody was signed in.',
    hint: 'Update the app, or try again from the beginning.',
  },
  unavailable: {
    title: 'Back in a moment',
    message: 'Something we depend on is not answering right now. Nothing was lost.',
    hint: 'Wait a few seconds and reload this page.',
  },
  tooManyRequests: {
    title: 'One moment, please',
    message:
      'We are getting very many requests from your network, so we are taking a short break. Nothing was lost.',
    hint: 'Wait a minute and reload this page.',
  },
  unexpected: {
    title: 'Something went wrong on our side',
    message: 'It was not your doing, and nothing was shared.',
    hint: 'Go back to your app and connect again.',
  },
  backTo: (host) => `Go on to ${host}`,
  openInBrowser: 'Open in your browser',
  copyAddress: 'Or copy this address into your browser',
  errorDetail: 'For the app’s developer',
  reference: (reference) => `Reference: ${reference}`,

  doneTitle: 'This step is done',
  doneMessage: 'You can close this window and go back to your app.',
  doneHint: 'If the app is still waiting, connect again from there.',
}

/**
 * The English messages with the operator's in their place. Throws {@link ConfigurationError} for a name that does
 * not exist, a text where a function belongs, and a `lang` that is no language tag.
 */
export function withMessages(overrides: Partial<Messages> = {}): Messages {
  for (const [name, value] of Object.entries(overrides)) {
    if (value !== undefined) checkMessage(name, value)
  }
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))
  return { ...english, ...given, scopes: { ...english.scopes, ...overrides.scopes } }
}

function checkMessage(name: string, value: unknown): void {
  const option = `messages.${name}`
  if (!Object.hasOwn(english, name)) {
    const fix = didYouMean(name, Object.keys(english), 'Check its spelling.')
    throw new ConfigurationError(option, 'there is no message of this name', fix)
  }
  const expected = typeof english[name as keyof Messages]
  const shape = { function: 'a function that returns the text', object: 'an object of texts' }[
    String(expected)
  ]
  if (value === null || typeof value !== expected) {
    throw new ConfigurationError(
      option,
      `got ${value === null ? 'null' : typeof value}`,
      `Give ${shape ?? 'a text'}.`,
    )
  }
  if (name === 'lang' && !isLanguageTag(String(value))) {
    throw new ConfigurationError(
      option,
      `${JSON.stringify(value)} is no language tag`,
      'Write it as "de" or "pt-BR".',
    )
  }
  if (name === 'dir' && value !== 'ltr' && value !== 'rtl') {
    throw new ConfigurationError(option, `got ${JSON.stringify(value)}`, 'Use "ltr" or "rtl".')
  }
}

function isLanguageTag(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1
  } catch {
    return false
  }
}
