/** How a client makes itself known to an authorization server. */
export type Way = 'static' | 'document' | 'registration'

/** What a product is known to send and to insist on. Data only: `productClient` does what it says. */
export interface Product {
  name: string
  /** The month in which this was last seen to be so. Products change, and this with them. */
  observed: string
  ways: {
    readonly registration?: Registration
    readonly document?: MetadataDocument
    readonly static?: StaticUse
  }
  habits?: Habits
}

/** Metadata as it goes over the wire. `{port}` is a port that was free when the product was started. */
export type WireMetadata = Readonly<Record<string, unknown>> & { readonly redirect_uris: readonly string[] }

export interface Registration {
  metadata: WireMetadata
  /** Where answers may really arrive; any of them, at the product's choice. */
  waitsAt: readonly string[]
}

export interface MetadataDocument {
  /** The `client_id`, and where the document is. */
  url: string
  /** Without the `client_id`, which is the URL. */
  metadata: WireMetadata
  /** With which the document is served. */
  cacheControl: string
  /** Used only where the server lists this among `token_endpoint_auth_methods_supported`. */
  onlyWith?: string | undefined
  waitsAt: readonly string[]
}

/** What somebody can write into its settings, once an operator has made a client for it. */
export interface StaticUse {
  methods: readonly ('none' | 'client_secret_post' | 'client_secret_basic')[]
  redirect_uris: readonly string[]
  waitsAt: readonly string[]
}

export interface Habits {
  /** Begins with these, without a token, and wants a 401 with a challenge for each. Default: POST. */
  probes?: readonly ('GET' | 'POST')[]
  /** Gives up when `iss` is missing although advertised, or is not the issuer (RFC 9207 2.4); on errors, too. */
  enforcesIss?: boolean
  /** A null in any answer is a failure. */
  refusesNulls?: boolean
  /** Asks for no scope, whatever the challenge says. */
  sendsNoScope?: boolean
  /** Runs in a page of this origin, so that CORS decides about every request and every header it reads. */
  pageOf?: string
  /** What it calls its forms. */
  formType?: string
  /** Registers anew each time somebody connects. */
  registersAgain?: boolean
  /** Goes on with a client id that the server has forgotten, until somebody clears its settings. */
  keepsForgottenClient?: boolean
  /** So many processes or servers of it refresh with one token at the same moment. */
  parallelRefreshes?: number
  /** A process of it comes with a token that another one has replaced so many seconds ago. */
  lateRefresh?: number
  /** So many processes of it begin to sign in at the same moment, in one browser. */
  parallelFlows?: number
}
