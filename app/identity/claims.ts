// What the provider says about a person or a program, turned into who they are here.
import { refuse, type Refusal } from '#app/errors.ts';
import { LOCAL_SUBJECT_PREFIX, ROLES, type Role } from '#app/feature.ts';
import type { Person } from '#app/identity/session-store.ts';

export interface ClaimNames {
  /** May be a dotted path, for example Keycloak's `realm_access.roles`. */
  readonly rolesClaim: string;
  readonly tenantClaim: string;
}

type Claims = Readonly<Record<string, unknown>>;

const TENANT_SYNTAX = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const LONGEST_TEXT = 255;
/** Control characters, line separators, and marks that reorder text (CWE-1007): the first of them no column of text takes. */
const UNREADABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** A person without a tenant or a known role gets in nowhere, so they are told at once. */
export function readPerson(claims: Claims, { rolesClaim, tenantClaim }: ClaimNames): Person | Refusal {
  const id = claims['sub'];
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_TEXT || clean(id) !== id || id.startsWith(LOCAL_SUBJECT_PREFIX)) return refuse(403, 'subject-missing', 'The identity provider sent no usable subject.');
  const tenantId = readClaim(claims, tenantClaim);
  if (typeof tenantId !== 'string' || !TENANT_SYNTAX.test(tenantId)) {
    return refuse(403, 'tenant-missing', `This account belongs to no tenant: its administrator must set the claim "${tenantClaim}" at the identity provider.`);
  }
  const roles = readRoles(readClaim(claims, rolesClaim));
  if (roles.length === 0) {
    return refuse(403, 'role-missing', `This account has no role here: its administrator must set the claim "${rolesClaim}" at the identity provider.`);
  }
  return { tenantId, id, name: readName(claims) ?? id, roles };
}

/** The claim by its own name first, since names may contain dots (`https://example.com/roles`); then as a path. */
function readClaim(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Claims)[key];
  }
  return value;
}

function readRoles(value: unknown): Role[] {
  const given: readonly unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return ROLES.filter((role) => given.includes(role));
}

function readName(claims: Claims): string | undefined {
  const names = [claims['name'], claims['preferred_username']].map((value) => (typeof value === 'string' ? clean(value).trim() : ''));
  const name = names.find((text) => text !== '');
  // By code points: half a character is none.
  return name && Array.from(name).slice(0, LONGEST_TEXT).join('');
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll(UNREADABLE, ' ');
}
