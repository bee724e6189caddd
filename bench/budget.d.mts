/** See budget.mjs. */
export declare const BUDGET: { readonly kilobytes: number; readonly aimKilobytes: number };
