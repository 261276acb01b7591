// How sure a token makes us of a person: when they proved who they are, and by how many factors.
import type { Assurance } from '#app/feature.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Kinds of proof by their authentication method (RFC 8176, section 2): what the person knows, has, and is. */
const KINDS: Readonly<Record<string, 'known' | 'held' | 'own'>> = {
  pwd: 'known', pin: 'known', kba: 'known',
  otp: 'held', sms: 'held', tel: 'held', hwk: 'held', swk: 'held', sc: 'held', pop: 'held',
  face: 'own', fpt: 'own', iris: 'own', retina: 'own', vbm: 'own',
};

/** Claims of an ID token or an access token (RFC 9068, 2.2.1); `multiFactorAcr` are the provider's names for two factors. */
export function readAssurance(claims: Claims, multiFactorAcr: readonly string[]): Assurance {
  const { auth_time: authTime, acr, amr } = claims;
  const seconds = typeof authTime === 'number' && Number.isFinite(authTime) && authTime > 0 ? authTime : undefined;
  const multiFactor = (typeof acr === 'string' && multiFactorAcr.includes(acr)) || namesTwoFactors(amr);
  return { factors: multiFactor ? 2 : 1, ...(seconds === undefined ? {} : { authenticatedAt: new Date(seconds * 1_000) }) };
}

function namesTwoFactors(amr: unknown): boolean {
  if (!Array.isArray(amr)) return false;
  const methods = amr.filter((method): method is string => typeof method === 'string');
  return methods.includes('mfa') || new Set(methods.flatMap((method) => (Object.hasOwn(KINDS, method) ? [KINDS[method]] : []))).size > 1;
}
