/** Lies beside the packages, so that names are looked up there. */
export const load = (/** @type {string} */ name) => import(name)
