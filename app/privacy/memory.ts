// What was read from the database lately: so many entries, for so long.
export interface Memory<T> {
  get(name: string): T | undefined;
  set(name: string, value: T): void;
  delete(name: string): void;
}

export interface MemoryOptions {
  readonly most: number;
  readonly keptMs: number;
  readonly clock: () => Date;
}

/** The one that was set first gives way. */
export function createMemory<T>({ most, keptMs, clock }: MemoryOptions): Memory<T> {
  const entries = new Map<string, { readonly value: T; readonly until: number }>();
  return {
    get(name) {
      const entry = entries.get(name);
      return entry !== undefined && entry.until > clock().getTime() ? entry.value : undefined;
    },
    set(name, value) {
      entries.delete(name);
      entries.set(name, { value, until: clock().getTime() + keptMs });
      if (entries.size > most) entries.delete(entries.keys().next().value ?? name);
    },
    delete: (name) => void entries.delete(name),
  };
}
