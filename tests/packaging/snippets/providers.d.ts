// What the snippets of the documentation use of providers' SDKs, as those declare it.
declare module '@auth0/auth0-spa-js' {
  export interface IdToken {
    readonly __raw: string;
    readonly sub: string;
  }
  export interface Auth0Client {
    getIdTokenClaims(): Promise<IdToken | undefined>;
  }
  export function createAuth0Client(options: { domain: string; clientId: string }): Promise<Auth0Client>;
}

declare module '@auth0/auth0-react' {
  export function useAuth0(): {
    readonly isLoading: boolean;
    readonly isAuthenticated: boolean;
    readonly user?: { readonly sub?: string };
    readonly getIdTokenClaims: () => Promise<{ readonly __raw: string } | undefined>;
  };
}

declare module 'firebase/auth' {
  export interface User {
    readonly uid: string;
    getIdToken(forceRefresh?: boolean): Promise<string>;
  }
  export function getAuth(): { readonly currentUser: User | null };
}

declare module '@supabase/supabase-js' {
  export interface Session {
    readonly access_token: string;
    readonly user: { readonly id: string };
  }
  export function createClient(url: string, key: string): {
    readonly auth: { getSession(): Promise<{ data: { session: Session | null } }> };
  };
}

// What a snippet leaves to its reader.
declare const environmentId: string;
declare const externalJwt: string;
declare const externalUserId: string;
declare function credentials(): Promise<{ externalJwt: string; externalUserId: string }>;
