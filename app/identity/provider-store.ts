// What the development provider remembers (sessions, grants, codes): in memory, bounded, gone with the process.
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

const MOST_ENTRIES = 10_000;
const GRANTED = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** One store a provider; each model of oidc-provider sees its own part. */
export function createProviderStore(clock: () => number = Date.now): AdapterFactory {
  const entries = new Map<string, Entry>();

  const read = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > clock()) return entry.payload;
    entries.delete(key);
    return undefined;
  };
  const write = (key: string, payload: AdapterPayload, expiresInSeconds: number | undefined): void => {
    entries.delete(key);
    entries.set(key, { payload, expiresAt: expiresInSeconds === undefined ? Infinity : clock() + expiresInSeconds * 1000 });
    for (const oldest of entries.keys()) {
      if (entries.size <= MOST_ENTRIES) break;
      entries.delete(oldest);
    }
  };
  return (model) => createAdapter(model, entries, { read, write, clock });
}

interface Access {
  readonly read: (key: string) => AdapterPayload | undefined;
  readonly write: (key: string, payload: AdapterPayload, expiresInSeconds: number | undefined) => void;
  readonly clock: () => number;
}

function createAdapter(model: string, entries: Map<string, Entry>, { read, write, clock }: Access): Adapter {
  const prefix = `${model}:`;
  const findBy = (field: 'uid' | 'userCode', value: string): AdapterPayload | undefined => {
    for (const key of entries.keys()) {
      if (!key.startsWith(prefix)) continue;
      const payload = read(key);
      if (payload?.[field] === value) return payload;
    }
    return undefined;
  };
  return {
    upsert: (id, payload, expiresInSeconds) => {
      write(prefix + id, payload, expiresInSeconds);
      return Promise.resolve();
    },
    find: (id) => Promise.resolve(read(prefix + id)),
    findByUid: (uid) => Promise.resolve(findBy('uid', uid)),
    findByUserCode: (code) => Promise.resolve(findBy('userCode', code)),
    consume: (id) => {
      const payload = read(prefix + id);
      if (payload !== undefined) payload.consumed = Math.floor(clock() / 1000);
      return Promise.resolve();
    },
    destroy: (id) => {
      entries.delete(prefix + id);
      return Promise.resolve();
    },
    revokeByGrantId: (grantId) => {
      for (const [key, { payload }] of entries) {
        if (payload.grantId === grantId && GRANTED.has(key.slice(0, key.indexOf(':')))) entries.delete(key);
      }
      return Promise.resolve();
    },
  };
}
