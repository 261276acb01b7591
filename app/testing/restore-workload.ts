// What the restore drill writes, of the platform or of a feature: changes that are known again after a restore.
import type { FollowedEvent } from '#app/testing/stream-follower.ts';

export interface RestoreWorkload {
  /** How its changes are called. */
  readonly name: string;
  /** Before the first change. */
  prepare(): Promise<void>;
  /** One more; its id once it is acknowledged, undefined where it was not. */
  change(): Promise<string | undefined>;
  /** Every change that is there, and what about them does not fit together. */
  read(): Promise<{ readonly ids: readonly string[]; readonly problems: readonly string[] }>;
  /** Which change an event tells of. Without it, changes have no events. */
  readonly idOf?: (event: Pick<FollowedEvent, 'type' | 'data'>) => string | undefined;
}

export interface WorkloadParts {
  readonly origin: string;
  /** Bearer tokens of the development people of one tenant. */
  readonly tokens: Readonly<Record<'viewer' | 'clerk' | 'manager' | 'auditor', string>>;
}

/** `proofs/restore-workload.ts` of a feature exports this as `createWorkload`. */
export type CreateWorkload = (parts: WorkloadParts) => RestoreWorkload;
