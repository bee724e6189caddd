/** The test server's users and sessions, in memory. */
import type { JwtVerifiedCredential, UserFields } from '../generated/wire.js';
import type { ExternalClaims } from './external-jwt.js';

/** A user as the server keeps it. */
export interface TestUser {
  /** UUID. */
  readonly id: string;
  /** `iss` of the issuer that vouches for it. */
  readonly issuer: string;
  /** The JWT's `sub`. */
  readonly externalUserId: string;
  readonly profile: UserFields;
  readonly credentials: readonly JwtVerifiedCredential[];
  /** RFC 3339. */
  readonly firstVisit: string;
  /** RFC 3339. */
  readonly lastVisit: string;
}

/** A session as the server keeps it. Times in seconds since 1970. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly audience: string;
  readonly publicKey: string | undefined;
  readonly refreshExpiresAt: number;
  readonly credentialId: string;
  tokenId: string;
  previous: { readonly tokenId: string; readonly replacedAt: number } | undefined;
  issuedAt: number;
  expiresAt: number;
  ended: boolean;
}

/** What a refresh came to. */
export type Refreshed = 'refreshed' | 'reused';

/** Everything that a server would have in its database. */
export class Store {
  readonly #users = new Map<string, TestUser>();
  readonly #sessions = new Map<string, Session>();
  readonly #used = new Set<string>();
  #ids = 0;

  /** A UUID of its own, the same in every run. */
  id(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  /** Whether this is the first use of a name. */
  use(name: string): boolean {
    if (this.#used.has(name)) return false;
    this.#used.add(name);
    return true;
  }

  /** Whether {@link use} had it already. */
  used(name: string): boolean {
    return this.#used.has(name);
  }

  users(): readonly TestUser[] {
    return [...this.#users.values()];
  }

  user(id: string): TestUser | undefined {
    return this.#users.get(id);
  }

  session(id: unknown): Session | undefined {
    return typeof id === 'string' ? this.#sessions.get(id) : undefined;
  }

  /** Finds or makes the user of (issuer, `sub`): an address never finds anybody. */
  visit({ iss, sub }: ExternalClaims, email: { readonly address: string; readonly verified: boolean } | undefined, at: string): { readonly user: TestUser; readonly isNew: boolean } {
    const known = this.users().find((user) => user.issuer === iss && user.externalUserId === sub);
    const seen = { verifiedAt: at, lastSelectedAt: at };
    const external: JwtVerifiedCredential = known?.credentials[0]
      ? { ...known.credentials[0], lastSelectedAt: at }
      : { id: this.id(), format: 'externalUser', public_identifier: sub, signInEnabled: true, ...seen };
    const held = known?.credentials.find(({ format }) => format === 'email');
    const isHeld = held !== undefined && held.email === email?.address;
    const vouched = (address: string): JwtVerifiedCredential =>
      isHeld ? { ...held, lastSelectedAt: at } : { id: this.id(), format: 'email', public_identifier: address, email: address, signInEnabled: false, ...seen };
    // Vouched for, it is there; explicitly not, it goes; silence changes nothing.
    const mail = email?.verified ? vouched(email.address) : isHeld ? undefined : held;
    // The profile follows, unless the user has written another address there.
    const follows = email?.verified && (known?.profile.email === undefined || known.profile.email === held?.email);
    const user: TestUser = {
      id: known?.id ?? this.id(),
      issuer: iss,
      externalUserId: sub,
      profile: { ...known?.profile, ...(follows && { email: email.address }) },
      credentials: mail ? [external, mail] : [external],
      firstVisit: known?.firstVisit ?? at,
      lastVisit: at,
    };
    this.#users.set(user.id, user);
    return { user, isNew: !known };
  }

  open(session: Omit<Session, 'id' | 'tokenId' | 'previous' | 'ended'>): Session {
    const opened: Session = { ...session, id: this.id(), tokenId: this.id(), previous: undefined, ended: false };
    this.#sessions.set(opened.id, opened);
    return opened;
  }

  /** The next token; the same again for the one just before the newest within the grace; or the session's end. */
  refresh(session: Session, { presented, now, expiresAt, graceSeconds }: { presented: unknown; now: number; expiresAt: number; graceSeconds: number }): Refreshed {
    if (presented === session.tokenId) {
      session.previous = { tokenId: session.tokenId, replacedAt: now };
      session.tokenId = this.id();
      session.issuedAt = now;
      session.expiresAt = expiresAt;
      return 'refreshed';
    }
    const { previous } = session;
    if (previous && presented === previous.tokenId && now < previous.replacedAt + graceSeconds) return 'refreshed';
    session.ended = true;
    return 'reused';
  }

  /** Members left out stay, an empty string clears. */
  change(user: TestUser, fields: UserFields): TestUser {
    const kept = Object.entries({ ...user.profile, ...fields }).filter(([, value]) => value !== '');
    const changed = { ...user, profile: Object.fromEntries(kept) as UserFields };
    this.#users.set(user.id, changed);
    return changed;
  }

  /** Ends the sessions of a user, or of everybody. */
  endSessions(userId?: string): void {
    for (const session of this.#sessions.values()) if (userId === undefined || session.userId === userId) session.ended = true;
  }

  remove(userId: string): void {
    this.endSessions(userId);
    this.#users.delete(userId);
  }
}
