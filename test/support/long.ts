/** PATCHSIG_LONG=1: tests that try many of a kind try more of them, for as long as it takes. */
export const LONG = (process.env["PATCHSIG_LONG"] ?? "") !== "";
