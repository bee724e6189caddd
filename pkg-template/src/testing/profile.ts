/** The server's rules for what a user may write into the profile (docs/HTTP-API.md). */
import type { UserFields } from '../generated/wire.js';

/** Why a change is refused. */
export interface FieldProblem {
  readonly status: number;
  readonly code: string;
  readonly sentence: string;
}

const TEXTS = ['alias', 'country', 'email', 'firstName', 'jobTitle', 'lastName', 'phoneNumber', 'tShirtSize', 'team', 'username'] as const;
const MAX_CHARACTERS = 255;
const MAX_METADATA_BYTES = 16 * 1024;
const MAX_METADATA_LEVELS = 32;
/** Controls, separators of lines, and what turns the direction of writing. */
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const INVISIBLE = /[\p{Cf}\p{Co}\p{Cn}]/u;

/** The members of a body that are profile fields; others are ignored. */
export function knownFields(body: Readonly<Record<string, unknown>>): UserFields {
  const known: readonly string[] = [...TEXTS, 'metadata', 'policiesConsent'];
  return Object.fromEntries(Object.entries(body).filter(([name]) => known.includes(name))) as UserFields;
}

/** The first rule that is broken. */
export function checkFields(fields: UserFields): FieldProblem | undefined {
  const { metadata, policiesConsent } = fields;
  for (const name of TEXTS) if (name in fields && typeof fields[name] !== 'string') return shape();
  if (policiesConsent !== undefined && typeof policiesConsent !== 'boolean') return shape();
  if (metadata !== undefined && (typeof metadata !== 'object' || Array.isArray(metadata))) return shape();
  if (metadata && new Blob([JSON.stringify(metadata)]).size > MAX_METADATA_BYTES) {
    return { status: 422, code: 'metadata_size_exceeded', sentence: `metadata may have ${MAX_METADATA_BYTES} bytes of JSON; store less` };
  }
  if (metadata && levels(metadata) > MAX_METADATA_LEVELS) return invalid(`metadata may be nested ${MAX_METADATA_LEVELS} levels deep`);
  for (const name of TEXTS) {
    const text = fields[name];
    if (!text) continue;
    const isUnfit = [...text].length > MAX_CHARACTERS || UNFIT.test(text);
    if (name === 'username' && (isUnfit || INVISIBLE.test(text) || text !== text.trim() || /\s\s|[^\S ]/.test(text))) {
      return { status: 422, code: 'invalid_username', sentence: 'username is of a wrong form; choose another' };
    }
    if (isUnfit) return invalid(`${name} is too long or has characters that are not allowed`);
    if (name === 'email' && !/^[^\s@]+@[^\s@]+$/.test(text)) return invalid('email must be an e-mail address');
    if (name === 'country' && !/^[A-Z]{2}$/.test(text)) return invalid('country must be two letters A to Z (ISO 3166-1)');
  }
  return undefined;
}

function shape(): FieldProblem {
  return { status: 400, code: 'bad_request', sentence: 'the body has the wrong shape' };
}

function invalid(sentence: string): FieldProblem {
  return { status: 422, code: 'invalid_update', sentence };
}

function levels(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levels));
}
