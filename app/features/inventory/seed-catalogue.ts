// The example warehouses: what they keep, and how it comes and goes.
import type { Sensitivity } from './item.ts';

export interface SeededItem {
  readonly sku: string;
  readonly name: string;
  readonly location: string;
  readonly unit: string;
  readonly reorderLevel: number;
  /** Received on the first day. */
  readonly opening: number;
  /** Sold on an average day. */
  readonly dailySales: number;
  /** Received at a time when it gets low. */
  readonly delivery: number;
  /** The supplier has sent nothing for so many days: how an item comes to be low or out. */
  readonly drySinceDays?: number;
  readonly sensitivity?: Sensitivity;
  /** Sold off and retired. */
  readonly retired?: true;
}

/** A person of the warehouse, as the provider knows them. */
export interface Clerk {
  readonly id: string;
  readonly name: string;
}

export interface Warehouse {
  readonly clerks: readonly Clerk[];
  readonly manager: Clerk;
  readonly items: readonly SeededItem[];
}

const acme: Warehouse = {
  clerks: [
    { id: 'clerk', name: 'Cleo Clerk' },
    { id: 'tobi.okafor', name: 'Tobi Okafor' },
  ],
  manager: { id: 'manager', name: 'Mara Manager' },
  items: [
    { sku: 'BOLT-M8-40', name: 'Hex bolt M8 × 40, zinc', location: 'Aisle 1, shelf A', unit: 'box', reorderLevel: 40, opening: 160, dailySales: 9, delivery: 120 },
    { sku: 'NUT-M8', name: 'Hex nut M8, zinc', location: 'Aisle 1, shelf A', unit: 'box', reorderLevel: 40, opening: 140, dailySales: 8, delivery: 120 },
    { sku: 'WASHER-M8', name: 'Flat washer M8', location: 'Aisle 1, shelf B', unit: 'box', reorderLevel: 30, opening: 110, dailySales: 6, delivery: 80, drySinceDays: 12 },
    { sku: 'SCREW-4X30', name: 'Wood screw 4 × 30', location: 'Aisle 1, shelf C', unit: 'box', reorderLevel: 60, opening: 220, dailySales: 14, delivery: 180 },
    { sku: 'DRILL-18V', name: 'Cordless drill 18 V', location: 'Aisle 2, shelf B', unit: 'piece', reorderLevel: 6, opening: 18, dailySales: 1.2, delivery: 12 },
    { sku: 'BATTERY-18V-4AH', name: 'Battery 18 V, 4 Ah', location: 'Aisle 2, shelf B', unit: 'piece', reorderLevel: 10, opening: 26, dailySales: 2, delivery: 20, drySinceDays: 13 },
    { sku: 'SAW-BLADE-190', name: 'Circular saw blade 190 mm', location: 'Aisle 2, shelf C', unit: 'piece', reorderLevel: 8, opening: 30, dailySales: 1.5, delivery: 20 },
    { sku: 'GLOVE-L', name: 'Work gloves, size L', location: 'Aisle 3, shelf A', unit: 'pair', reorderLevel: 25, opening: 80, dailySales: 5, delivery: 60, drySinceDays: 17 },
    { sku: 'GOGGLES-CLEAR', name: 'Safety goggles, clear', location: 'Aisle 3, shelf A', unit: 'piece', reorderLevel: 12, opening: 45, dailySales: 2, delivery: 30 },
    { sku: 'PAINT-WHITE-10L', name: 'Wall paint, white, 10 l', location: 'Yard, bay 2', unit: 'bucket', reorderLevel: 10, opening: 36, dailySales: 2.5, delivery: 24, drySinceDays: 10 },
    { sku: 'CEMENT-25KG', name: 'Cement CEM II, 25 kg', location: 'Yard, bay 4', unit: 'bag', reorderLevel: 50, opening: 180, dailySales: 12, delivery: 160 },
    { sku: 'KEY-YARD', name: 'Master key of the yard', location: 'Safe, drawer 1', unit: 'piece', reorderLevel: 1, opening: 4, dailySales: 0, delivery: 0, sensitivity: 'restricted' },
    { sku: 'DRILL-14V', name: 'Cordless drill 14.4 V (old model)', location: 'Aisle 2, shelf A', unit: 'piece', reorderLevel: 0, opening: 7, dailySales: 0.7, delivery: 0, retired: true },
  ],
};

const globex: Warehouse = {
  clerks: [
    { id: 'globex-clerk', name: 'Gus Clerk' },
    { id: 'ines.moreau', name: 'Inès Moreau' },
  ],
  manager: { id: 'globex-manager', name: 'Greta Manager' },
  items: [
    { sku: 'COFFEE-BR-1KG', name: 'Coffee beans Brazil, 1 kg', location: 'Cold room 1, rack 2', unit: 'bag', reorderLevel: 30, opening: 120, dailySales: 8, delivery: 90 },
    { sku: 'COFFEE-ET-1KG', name: 'Coffee beans Ethiopia, 1 kg', location: 'Cold room 1, rack 2', unit: 'bag', reorderLevel: 24, opening: 80, dailySales: 5, delivery: 60, drySinceDays: 9 },
    { sku: 'TEA-ASSAM-250', name: 'Assam tea, 250 g', location: 'Cold room 1, rack 4', unit: 'tin', reorderLevel: 15, opening: 60, dailySales: 3, delivery: 40 },
    { sku: 'OAT-DRINK-1L', name: 'Oat drink, barista, 1 l', location: 'Hall B, rack 1', unit: 'carton', reorderLevel: 60, opening: 200, dailySales: 18, delivery: 180 },
    { sku: 'CUP-PAPER-300', name: 'Paper cup, 300 ml', location: 'Hall B, rack 3', unit: 'sleeve', reorderLevel: 40, opening: 150, dailySales: 11, delivery: 120 },
    { sku: 'LID-300', name: 'Lid for 300 ml cup', location: 'Hall B, rack 3', unit: 'sleeve', reorderLevel: 40, opening: 130, dailySales: 10, delivery: 120, drySinceDays: 20 },
    { sku: 'SYRUP-VANILLA', name: 'Vanilla syrup, 0.7 l', location: 'Hall B, rack 5', unit: 'bottle', reorderLevel: 10, opening: 30, dailySales: 1.5, delivery: 24 },
    { sku: 'GRINDER-BURR-64', name: 'Burr set 64 mm', location: 'Workshop, drawer 7', unit: 'set', reorderLevel: 3, opening: 9, dailySales: 0.4, delivery: 6 },
  ],
};

/** By tenant; another tenant starts empty. */
export const WAREHOUSES: ReadonlyMap<string, Warehouse> = new Map([
  ['acme', acme],
  ['globex', globex],
]);
