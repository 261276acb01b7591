// Keeps the board current while it is open: events in, the page's own markup changed in place.
// Tested by ../board.browser.test.ts: in a browser.
import { type BoardEvent, countChange, readBoardEvent } from './board-event.ts';
import { createItemElement, fieldOf, findItem, levelShown, showItem, timeElement } from './item-element.ts';
import { openStream, type StreamState } from './live-stream.ts';
import { takeOverForms } from './move-form.ts';
import { movementText, relativeTime } from './stock.ts';

// Those of restricted items come to who is cleared for them alone.
const EVENT_TYPES = ['item', 'restricted-item'].flatMap((noun) => ['created', 'changed', 'retired', 'moved'].map((verb) => `inventory.${noun}.${verb}.v1`));
const FEED_LENGTH = 20;
const STATE_TEXTS: Readonly<Record<StreamState, string>> = { live: 'Live', reconnecting: 'Reconnecting…', offline: 'Offline, trying again', ended: 'Signed out' };

const board = document.querySelector<HTMLElement>('#board');
if (board !== null) {
  takeOverForms(board);
  openStream('/api/v1/stream', EVENT_TYPES, board.dataset['position'] ?? '0', { onEvent: apply, onResync: readAgain, onState: showState });
  setInterval(refreshTimes, 30_000);
}

function apply(type: string, text: string): void {
  const event = readBoardEvent(text);
  if (event === undefined) return;
  const shown = findItem(event.item.sku);
  const levelBefore = shown === null ? undefined : levelShown(shown);
  if (shown === null ? !isInFeed(event) : showItem(shown, event)) addToTiles(countChange(type, event, levelBefore));
  if (shown === null && type.includes('.created.')) addItem(event);
  addToFeed(event);
}

/** A filtered or later page stays what was asked for. */
function addItem(event: BoardEvent): void {
  if (location.search !== '') return;
  const element = createItemElement(event.item);
  if (element === undefined) return;
  showItem(element, event);
  document.querySelector('#items')?.append(element);
}

function addToTiles(change: ReturnType<typeof countChange>): void {
  for (const [name, amount] of Object.entries(change)) {
    const output = document.querySelector(`[data-count="${name}"]`);
    if (output !== null && amount !== 0) output.textContent = String(Number(output.textContent) + Number(amount));
  }
}

function isInFeed({ movement }: BoardEvent): boolean {
  return movement !== undefined && document.querySelector(`#feed [data-movement="${CSS.escape(movement.id)}"]`) !== null;
}

function addToFeed(event: BoardEvent): void {
  const { movement } = event;
  const feed = document.querySelector('#feed');
  const entry = document.querySelector<HTMLTemplateElement>('#feed-template')?.content.firstElementChild?.cloneNode(true);
  if (movement === undefined || feed === null || !(entry instanceof HTMLElement) || isInFeed(event)) return;
  entry.dataset['movement'] = movement.id;
  const set = (name: string, ...content: readonly (string | Node)[]) => fieldOf(entry, name)?.replaceChildren(...content);
  set('who', movement.actor.name);
  set('what', movementText(movement));
  set('item', movement.sku);
  fieldOf(entry, 'item')?.setAttribute('href', `/items/${movement.sku}`);
  set('note', movement.note ?? '');
  set('when', timeElement(movement.occurredAt));
  feed.prepend(entry);
  while (feed.childElementCount > FEED_LENGTH) feed.lastElementChild?.remove();
}

function showState(state: StreamState): void {
  const status = document.querySelector<HTMLElement>('#live-status');
  if (status === null || status.dataset['state'] === state) return;
  status.dataset['state'] = state;
  status.textContent = STATE_TEXTS[state];
}

/** Reads the page anew, but never throws away what somebody has typed. */
function readAgain(): void {
  const typed = [...document.querySelectorAll<HTMLInputElement>('form.move input:not([type=hidden])')].some((input) => input.value !== input.defaultValue);
  if (!typed) {
    location.reload();
    return;
  }
  const status = document.querySelector<HTMLElement>('#live-status');
  if (status === null) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Reload to catch up';
  button.addEventListener('click', () => {
    location.reload();
  });
  status.dataset['state'] = 'offline';
  status.replaceChildren(button);
}

function refreshTimes(): void {
  const now = new Date();
  for (const time of document.querySelectorAll('time')) time.textContent = relativeTime(new Date(time.dateTime), now);
}
