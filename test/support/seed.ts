/** The seed of random tests: fixed, so that runs can be repeated. SEED=n sets another. */
export const SEED = Number(process.env["SEED"] ?? 20261127);
