/** What random tests begin with: the same in every run, so that a run says the same twice. SEED=n tries others. */
export const SEED = Number(process.env["SEED"] ?? 20261127);
