/**
 * `node:http`, without what it drags along: to import a module of Node reads every one of its exports, and `WebSocket` among these brings all of
 * `fetch`, which takes 14 MB and 40 ms of a core (measured with Node 26; a gateway uses it for single sign-on alone).
 */
export const { Agent, request, STATUS_CODES } = process.getBuiltinModule('node:http')
