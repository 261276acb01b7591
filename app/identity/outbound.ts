// The one way out to the identity provider: a fetch that reaches origins that were named beforehand, and goes where it was sent.
import { traceOutgoing } from '#app/lib/outgoing.ts';

/** Lacks what only a caller by hand would use. */
export type OutboundFetch = (url: string | URL, options?: RequestInit) => Promise<Response>;

/**
 * The provider's metadata says where its tokens and keys are; whoever can change it must not have this service ask whom they
 * like (CWE-918), nor may an answer send it on. It rejects as fetch does for a host that can't be reached.
 */
export function createOutboundFetch(origins: readonly string[]): OutboundFetch {
  const allowed: ReadonlySet<string> = new Set(origins);
  return async (url, options = {}) => {
    const target = new URL(url);
    const { origin } = target;
    if (!allowed.has(origin)) throw new TypeError('fetch failed', { cause: new Error(`${origin} is neither the issuer's origin nor named in OIDC_ORIGINS`) });
    return traceOutgoing({ name: 'identity provider', told: true }, target, options, (own) => fetch(url, { ...own, redirect: 'error' }));
  };
}
