/** The version of all parts, which are released together. A test holds it to package.json. */
export const VERSION = '0.1.0';
