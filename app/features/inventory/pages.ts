// The feature's pages and forms.
import type { FeatureParts, PageRoute } from '#app/feature.ts';
import { boardPage } from './board.ts';
import { forms } from './forms.ts';
import { itemPage, newItemPage } from './item-page.ts';

// Takes the parts as every feature's pages do, though these read all they need from their context.
export function createPages(_parts: FeatureParts): readonly PageRoute[] {
  // `/items/new` before `/items/{sku}`: the first that fits answers.
  return [boardPage, newItemPage, itemPage, ...forms];
}
