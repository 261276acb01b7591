// What the proof makes of what it saw. Pure. Tested by verdict.test.ts.
import type { FoundAlert } from '../alert-rules.ts';
import type { Notification } from './receiver.ts';

export interface Outcome {
  readonly alert: string;
  readonly fault: string;
  /** Seconds from the fault to the receiver; undefined where it never came. */
  readonly firedAfterS: number | undefined;
  /** Seconds from the end of the fault. */
  readonly resolvedAfterS: number | undefined;
  readonly told: string;
  /** Why it is not proven; undefined where it is. */
  readonly failure: string | undefined;
}

type Planned = { readonly alerts: readonly string[] };

/** An alert that no fault fires is not proven; a scenario of an alert that is gone proves nothing; two of one alert take each other's notifications. */
export function planProblems(alerts: readonly string[], scenarios: readonly Planned[]): readonly string[] {
  const planned = scenarios.flatMap((scenario) => scenario.alerts);
  return [
    ...alerts.filter((alert) => !planned.includes(alert)).map((alert) => `${alert} has no scenario: say in scenarios.ts what fault fires it`),
    ...[...new Set(planned)].filter((alert) => !alerts.includes(alert)).map((alert) => `there is a scenario for ${alert}, and no such alert`),
    ...[...new Set(planned)].filter((alert) => planned.indexOf(alert) !== planned.lastIndexOf(alert)).map((alert) => `${alert} has two scenarios`),
  ];
}

/** As observability/alertmanager/alertmanager.yaml has it; routing.test.ts asks Alertmanager itself. */
export function wantedReceiver({ alert, labels }: Pick<FoundAlert, 'alert' | 'labels'>): string {
  if (alert === 'Watchdog') return 'watchdog';
  return labels['team'] === 'security' ? 'security' : (labels['severity'] ?? '');
}

export interface Times {
  /** In ms since 1970. */
  readonly injectedAt: number;
  /** Undefined while the fault lasts. */
  readonly liftedAt: number | undefined;
}

/** When its receiver first heard that it fires, and then that it no longer does, after the fault was lifted. */
export function heardOf(alert: string, notifications: readonly Notification[], { injectedAt, liftedAt }: Times): { readonly fired: Notification | undefined; readonly resolved: Notification | undefined } {
  const fired = notifications.find((one) => one.alert === alert && one.status === 'firing' && one.at > injectedAt);
  if (fired === undefined || liftedAt === undefined) return { fired, resolved: undefined };
  const resolved = notifications.find((one) => one.alert === alert && one.status === 'resolved' && one.at > Math.max(liftedAt, fired.at));
  return { fired, resolved };
}

export function judge({ alert, labels }: Pick<FoundAlert, 'alert' | 'labels'>, fault: string, notifications: readonly Notification[], times: Times): Outcome {
  const { fired, resolved } = heardOf(alert, notifications, times);
  const told = [...new Set(notifications.filter((one) => one.alert === alert).map(({ receiver }) => receiver))].join(', ');
  const expected = wantedReceiver({ alert, labels });
  const seconds = (one: Notification | undefined, from: number | undefined): number | undefined => (one === undefined || from === undefined ? undefined : (one.at - from) / 1_000);
  const failure =
    fired === undefined ? 'nobody was told that it fires' : resolved === undefined ? 'nobody was told that it is over' : told !== expected ? `it went to ${told}, and not to ${expected}` : fired.annotations['runbook_url']?.endsWith(`/${alert}.md`) !== true ? 'its notification leads to no runbook' : undefined;
  return { alert, fault, firedAfterS: seconds(fired, times.injectedAt), resolvedAfterS: seconds(resolved, times.liftedAt), told, failure };
}

const time = (seconds: number | undefined, factor: number): string => (seconds === undefined ? 'never' : `${seconds.toFixed(1)} s${factor === 1 ? '' : ` (${spell(seconds * factor)})`}`);

function spell(seconds: number): string {
  return seconds < 120 ? `${seconds.toFixed(0)} s` : seconds < 7_200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

export const HEAD: readonly string[] = ['', 'alert', 'told', 'fired after', 'resolved after', 'fault'];

/** In brackets the time times the factor: what it would be at most with the shipped times, since a fault takes as long there. */
export function rowOf({ alert, fault, firedAfterS, resolvedAfterS, told, failure }: Outcome, factor: number): readonly string[] {
  return [failure === undefined ? '✔' : '✖', alert, told, time(firedAfterS, factor), time(resolvedAfterS, factor), failure === undefined ? fault : `${fault}: ${failure}`];
}
