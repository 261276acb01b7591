// All live sessions of this process: who may enter, who gets which event, and the beat that finds the dead.
import { type Refusal, refuse } from '#app/errors.ts';
import type { Action, EventType, Subject } from '#app/feature.ts';
import { Envelope, type TransportKind } from '#app/live/cloud-event.ts';
import type { Limits } from '#app/live/limits.ts';
import type { LiveEvent } from '#app/live/outbox.ts';
import type { Session } from '#app/live/session.ts';

export interface HubParts {
  readonly source: string;
  readonly events: Readonly<Record<string, EventType>>;
  readonly can: (subject: Subject, action: Action) => boolean;
  readonly limits: Limits;
}

export class Hub {
  readonly #parts: HubParts;
  readonly #sessions = new Set<Session>();
  readonly #byTenant = new Map<string, Set<Session>>();
  readonly #countOf = new Map<string, number>();

  constructor(parts: HubParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#sessions.size;
  }
  sessions(): readonly Session[] {
    return [...this.#sessions];
  }
  count(kind: TransportKind): number {
    return this.sessions().filter((session) => session.transport.kind === kind).length;
  }

  /** The event types that the subject may see, by the actions that they ask for. */
  typesFor(subject: Subject): ReadonlySet<string> {
    const allowed = Object.entries(this.#parts.events).filter(([, type]) => this.#parts.can(subject, type.action));
    return new Set(allowed.map(([name]) => name));
  }

  /** Whether a subject has nothing to see here; a service without any event type refuses nobody. */
  sees(types: ReadonlySet<string>): boolean {
    return types.size > 0 || Object.keys(this.#parts.events).length === 0;
  }

  /** What stands against one more session of this subject. */
  admit(subject: Subject): Refusal | { readonly types: ReadonlySet<string> } {
    const types = this.typesFor(subject);
    if (!this.sees(types)) return refuse(403, 'forbidden', 'Your roles allow none of the events of the live stream.');
    if ((this.#countOf.get(keyOf(subject)) ?? 0) >= this.#parts.limits.sessionsPerSubject) {
      return refuse(429, 'too-many-live-sessions', `You have ${this.#parts.limits.sessionsPerSubject} live sessions open; close one first.`);
    }
    return { types };
  }
  get full(): boolean {
    return this.#sessions.size >= this.#parts.limits.sessions;
  }

  /** Adds the session until its transport closes. */
  add(session: Session): void {
    const { tenantId } = session.subject;
    const key = keyOf(session.subject);
    const tenant = this.#byTenant.get(tenantId) ?? new Set();
    this.#byTenant.set(tenantId, tenant.add(session));
    this.#sessions.add(session);
    this.#countOf.set(key, (this.#countOf.get(key) ?? 0) + 1);
    session.transport.onClose(() => {
      if (!this.#sessions.delete(session)) return;
      tenant.delete(session);
      if (tenant.size === 0 && this.#byTenant.get(tenantId) === tenant) this.#byTenant.delete(tenantId);
      const left = (this.#countOf.get(key) ?? 1) - 1;
      if (left === 0) this.#countOf.delete(key);
      else this.#countOf.set(key, left);
    });
  }

  /** Sessions that an event of this tenant goes to, as far as they may see it. */
  audience(tenantId: string): number {
    return this.#byTenant.get(tenantId)?.size ?? 0;
  }

  deliver(event: LiveEvent): void {
    const tenant = this.#byTenant.get(event.tenantId);
    if (tenant === undefined) return;
    const envelope = new Envelope(event, this.#parts.source);
    for (const session of tenant) session.deliver(envelope);
  }

  resyncAll(): void {
    for (const session of this.#sessions) session.resync('gap');
  }
}

function keyOf(subject: Subject): string {
  return JSON.stringify([subject.tenantId, subject.id]);
}
