import type { ErrorName } from './error.ts'

/**
 * What has to be read by people, wherever and however a page shows it: `shown(fact)` puts it there, and so does an element
 * of your own with `data-fact="..."` that holds exactly this text.
 */
export interface Fact {
  readonly fact: 'client' | 'standing' | 'destination' | 'scope' | 'warning' | 'reference'
  readonly text: string
}

/** What a form sends besides what is pressed and typed: `form(page.form, ...)` makes it. */
export interface FormData {
  readonly action: string
  /** Hidden fields. */
  readonly fields: readonly { readonly name: string; readonly value: string }[]
}

/** Something to press: `button(choice)` makes it. It has to be in the form. */
export interface Choice {
  readonly name?: string | undefined
  readonly value?: string | undefined
  /** What our page says on it. */
  readonly words: string
  /** An SVG. */
  readonly icon?: { readonly svg: string } | undefined
  /** It may be pressed with fields that are empty. */
  readonly skipsFields?: boolean | undefined
}

/** Whether a client may act for the person. All choices but `account` have to be there. */
export interface ConsentData {
  readonly client: {
    readonly id: string
    /** As the client calls itself. Strangers can call themselves anything: `standing` says what is known. */
    readonly name: Fact
    readonly standing: { readonly words: Fact; readonly hint: string; readonly isProven: boolean }
    readonly uri?: string | undefined
    /** What it says are its own. */
    readonly policies: { readonly privacy?: string | undefined; readonly terms?: string | undefined }
    /** The domain that publishes what the client says of itself. */
    readonly domain?: string | undefined
    /** Unix seconds. */
    readonly registeredAt?: number | undefined
  }
  readonly redirect: {
    readonly uri: string
    readonly kind: 'loopback' | 'https' | 'private-use'
    /** Where the answer goes: a host, or the scheme of an app. */
    readonly destination: Fact
  }
  /** What people should know before they answer. Often none. */
  readonly warnings: readonly Fact[]
  /** What the client will be able to do. None asked for: one, with an empty name. */
  readonly scopes: readonly { readonly name: string; readonly words: Fact }[]
  readonly resource: { readonly url: string; readonly name: string }
  /** Who is signed in here, and will most likely go on so. */
  readonly account?: { readonly name: string; readonly provider: string } | undefined
  /** The provider asks which account it is, whatever is known here. */
  readonly asksAccount: boolean
  /** Seconds that access lasts: while it lies unused, and at most. None: nobody here says. */
  readonly lifetime?: { readonly idle: number; readonly absolute: number } | undefined
  /** Whether the same is not asked again. */
  readonly remembers: boolean
  readonly accountUrl?: string | undefined
  /** Of whoever runs the server. */
  readonly policies: { readonly privacy?: string | undefined; readonly terms?: string | undefined }
  /** The first answer did not arrive as it should: the link opens this page in the person's own browser. */
  readonly again?: { readonly openUrl: string } | undefined
  readonly form: FormData
  /** One for each provider that people may sign in with. */
  readonly approve: readonly Choice[]
  readonly deny: Choice
  /** A check box for who would use another account than the one they are signed in with there: optional. */
  readonly otherAccount?: Choice | undefined
}

/** Something went wrong, and there is no client that could be told. */
export interface ErrorData {
  readonly error: ErrorName
  readonly status: number
  readonly title: string
  readonly message: string
  readonly hint?: string | undefined
  /** For whoever develops the client. */
  readonly detail?: string | undefined
  /** What to name when asking the operator. */
  readonly reference?: Fact | undefined
  /** To go on in a real browser, when this one is an embedded window. */
  readonly openUrl?: string | undefined
  readonly backTo?: { readonly url: string; readonly host: string } | undefined
  readonly tryAgainUrl?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/** What a form provider asks for. All fields have to be in the form. */
export interface SignInData {
  /** What people sign in to. */
  readonly label: string
  readonly icon?: { readonly svg: string } | undefined
  /** Who they do it for; none: the account page. */
  readonly client?: Fact | undefined
  readonly fields: readonly SignInField[]
  /** Why the last try did not do, in words. */
  readonly error?: string | undefined
  readonly form: FormData
  readonly signIn: Choice
  readonly deny: Choice
}

/** `field(page.fields[0])` makes it. */
export interface SignInField {
  readonly name: string
  readonly label: string
  /** Of the `<input>`. */
  readonly type: string
  readonly inputmode: string
  readonly autocomplete: string
  readonly value: string
}

/** Which clients an account let in. All choices have to be there. */
export interface AccountData {
  readonly account: {
    readonly name: string
    readonly provider: { readonly id: string; readonly label: string }
  }
  readonly clients: readonly {
    readonly id: string
    readonly name: Fact
    /** As on the consent page. */
    readonly standing: { readonly words: string; readonly hint: string; readonly isProven: boolean }
    readonly destination: Fact
    /** What it may do, where. */
    readonly access: readonly {
      readonly resource: { readonly url: string; readonly name: string }
      readonly scopes: readonly { readonly name: string; readonly words: string }[]
    }[]
    /** Unix seconds, these three. */
    readonly since: number
    readonly used_at: number
    /** When it ends by itself; `endsForDisuse`: only if nobody uses it until then. */
    readonly ends_at: number
    readonly endsForDisuse: boolean
    /** Somebody else may use its access. */
    readonly warning?: Fact | undefined
    readonly end: Choice
  }[]
  /** How many more clients there are. */
  readonly unlisted: number
  /** Keys that the person made for programs. */
  readonly apiKeys: readonly {
    readonly name: Fact
    /** Its beginning and its end. */
    readonly hint: string
    /** Unix seconds, these three. Absent: not yet, and never. */
    readonly since: number
    readonly used_at?: number | undefined
    readonly ends_at?: number | undefined
    readonly end: Choice
  }[]
  /** What came of the last choice, in words. */
  readonly notice?: string | undefined
  /** What has to be done before anything can be ended. */
  readonly signInAgain?: Choice | undefined
  readonly form: FormData
  /** `hint`: what it does. */
  readonly endAll?: (Choice & { readonly hint: string }) | undefined
  readonly signOut: Choice
  /** Where to sign in as somebody else. */
  readonly anotherUrl: string
}

/** The account page before anybody signed in. */
export interface SignedOutData {
  /** What came of the last choice, in words. */
  readonly notice?: string | undefined
  readonly form: FormData
  /** One for each provider. */
  readonly signIn: readonly Choice[]
  /** A check box for who would use another account than the one they are signed in with there: optional. */
  readonly otherAccount?: Choice | undefined
}

/** What each page is given, by its name. */
export interface PageData {
  consent: ConsentData
  error: ErrorData
  signIn: SignInData
  /** A step that is over is opened again. */
  done: Readonly<Record<string, never>>
  account: AccountData
  signedOut: SignedOutData
}
