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
  /** What each scope allows, in words, by scope: yours, which stand before what anybody else says of it. */
  scopes: Readonly<Record<string, string>>
  /** The same for scopes of OpenID Connect, where nobody else says it. Your entries are added to the default ones. */
  openIdScopes: Readonly<Record<string, string>>
  /** What comes after the button, with one provider. */
  nextStep: (provider: string) => string
  /** The same with several. */
  nextStepChoice: string
  /** Introduces which account it will be. */
  accountLabel: string
  /** The account that signed in here last, and will most likely do so again. */
  accountAt: (account: string, provider: string) => string
  accountAsBefore: (provider: string) => string
  /** Where only the provider knows who is signed in there. */
  accountThere: (provider: string) => string
  /** Where the person will be asked in any case. */
  accountNext: string
  /** Where there are several providers. */
  accountOfChoice: string
  /** Lets the person choose at the provider. */
  chooseAccount: string
  /** Where these providers cannot be told to ask: one, or several with "or". */
  signOutFirst: (providers: string) => string
  /** Introduces how long access lasts. */
  lastsLabel: string
  /** At most, and unused, such as "180 days": they are in the language of the page. Only the first where it makes no difference. */
  accessLasts: (most: string, unused: string | undefined) => string
  /** Introduces where access can be ended. */
  endLabel: string
  /** Where there is no account page. */
  endInApp: string
  continueWith: (provider: string) => string
  cancel: string
  /** Where the same is not asked again. */
  consentRemembered: string
  privacyPolicy: string
  termsOfService: string
  /** Above a form whose first answer came without its cookie. */
  formAgain: string

  /** On a page where people sign in to this server itself. */
  signInHeading: (label: string) => string
  signInTitle: (label: string) => string
  /** Where it leads to. */
  signInFor: (client: string) => string
  /** The same for the account page. */
  signInForAccount: string
  signIn: string
  /** What was typed lets nobody in. Says nothing of which part was wrong. */
  signInInvalid: string
  /** After too many tries. */
  signInLocked: string

  /** Opens the technical details. */
  details: string
  detailClientId: string
  detailWebsite: string
  /** What the client says are its own. */
  detailPrivacy: string
  detailTerms: string
  detailRegistered: string
  detailRedirectUri: string
  detailResource: string
  detailScopes: string
  detailIssuer: string

  /** When the link or the form is too old, or was used before. */
  linkExpired: ErrorText
  /** When a request is opened again that the person has refused. */
  requestDenied: ErrorText
  /** When a request is opened again for which somebody signs in just now. */
  signInUnderWay: ErrorText
  /** When a request is opened again of which nothing came. */
  requestFailed: ErrorText
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
  /** When the client wants nobody asked, or somebody to sign in anew, and that cannot be. */
  impossiblePrompt: ErrorText
  /** When something we depend on does not answer. */
  unavailable: ErrorText
  /** When too much comes from where this person is. */
  tooManyRequests: ErrorText
  /** When we have failed. */
  unexpected: ErrorText
  /** When a sign-in for the account page was turned back from, or its account may not enter. */
  signInDenied: ErrorText
  /** When a sign-in for the account page came to nothing. */
  signInFailed: ErrorText
  /** The link to where an app is answered on the web, from a page about its faulty request. */
  backTo: (host: string) => string
  /** The link to a page of ours, where a sign-in may be begun once more. */
  tryAgain: string
  /** The button to the person's own browser, out of an embedded window. */
  openInBrowser: string
  copyAddress: string
  /** Introduces what a developer can use. */
  errorDetail: string
  reference: (reference: string) => string

  /** While an app on the device opens: the page stays behind in the browser. */
  handOverTitle: (client: string) => string
  handOverMessage: string
  /** The same with a no as the answer. */
  handOverDeniedTitle: (client: string) => string
  handOverDeniedMessage: string
  /** The same where signing in came to nothing; its title is that of `signInFailed`. */
  handOverFailedMessage: string
  /** The button, and when to press it. */
  openApp: (client: string) => string
  openAppHint: string

  /** When a step that was done already is opened again. */
  doneTitle: string
  doneMessage: string
  doneHint: string

  /** The account page: what one account has let in. */
  accountHeading: string
  /** Whose page it is. */
  accountSignedIn: (account: string, provider: string) => string
  /** That nothing of other accounts is shown. */
  accountOnlyThis: string
  /** Follows that where there are several providers. */
  accountSeveral: string
  accountEmpty: string
  /** How many apps the page does not list, in digits. */
  accountUnlisted: (count: string) => string
  /** Introduces where an app is answered. */
  accountDestination: string
  /** About one app, or one API key, there: since when, when it was last used, and when it ends by itself, in dates. */
  accountSince: (date: string) => string
  accountLastUsed: (date: string) => string
  accountNeverUsed: string
  accountEnds: (date: string) => string
  /** It ends then only if nobody uses it. */
  accountEndsForDisuse: (date: string) => string
  accountNeverEnds: string
  /** Marks an app whose key may have been copied. */
  accountDoubted: string
  /** The button that ends the access of one app, or an API key. */
  accountEnd: (name: string) => string
  accountKeysHeading: string
  accountKeysHint: string
  accountEndAll: string
  /** What that does: for who has API keys, and who has none. */
  accountEndAllKeysHint: string
  accountEndAllHint: string
  /** After that. */
  accountAllEnded: string
  accountSignOut: string
  /** The link to sign in as somebody else. */
  accountAnother: string
  /** Where a provider may go on with the account that is signed in there. */
  accountMayReturn: string
  /** After ending the access of one app or key. */
  accountEnded: string
  /** When the sign-in is too old to end anything. */
  accountSignInAgain: string
  /** When a form is sent after its sign-in ended. */
  accountOver: string
  /** The account page before anybody signed in. */
  signedOutHeading: string
  signedOutMessage: string
}

/** What an error page says: what happened, and what to do about it. */
export interface ErrorText {
  title: string
  message: string
  hint?: string | undefined
}
