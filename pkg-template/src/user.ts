import type { JwtVerifiedCredential, UserProfile } from './generated/wire.js';

/**
 * One way in which the user was recognised; the member that is snake case on the wire has its name in camel
 * case too.
 *
 * @example
 * ```ts
 * const yourId = user.verifiedCredentials.find(({ format }) => format === 'externalUser')?.publicIdentifier;
 * ```
 */
export interface SdkCredential extends JwtVerifiedCredential {
  /** For `externalUser`: the external JWT's `sub`. For `email`: the address. */
  readonly publicIdentifier?: string | undefined;
}

/**
 * The signed-in user in the shape of `@dynamic-labs-sdk/client`. {@link UserProfile}, which the hooks of
 * `byoa/react` give, is the same user in the shape of the legacy React SDK.
 *
 * @example
 * ```ts
 * const user: SdkUser | null = client.user;
 * console.log(user?.id, user?.externalUserId);
 * ```
 */
export interface SdkUser extends Omit<UserProfile, 'userId' | 'environmentId' | 'firstVisit' | 'lastVisit' | 'verifiedCredentials'> {
  /** UUID of the user. */
  readonly id: string;
  /** UUID of the environment. */
  readonly projectEnvironmentId: string;
  /** How the user was recognised. */
  readonly verifiedCredentials: SdkCredential[];
  /** When the user was first seen. */
  readonly firstVisit?: Date | undefined;
  /** When the user was last seen. */
  readonly lastVisit?: Date | undefined;
}

const shapes = new WeakMap<UserProfile, SdkUser>();

/** The same object for the same profile, so that React sees no change where there is none. */
export function sdkUserOf(profile: UserProfile): SdkUser {
  let user = shapes.get(profile);
  if (!user) {
    const { userId = '', environmentId = '', firstVisit, lastVisit, verifiedCredentials, ...same } = profile;
    user = Object.freeze({
      ...same,
      id: userId,
      projectEnvironmentId: environmentId,
      verifiedCredentials: verifiedCredentials.map(withCamelCase),
      ...(firstVisit && { firstVisit: new Date(firstVisit) }),
      ...(lastVisit && { lastVisit: new Date(lastVisit) }),
    });
    shapes.set(profile, user);
  }
  return user;
}

function withCamelCase(credential: JwtVerifiedCredential): SdkCredential {
  return { ...credential, publicIdentifier: credential.public_identifier };
}
