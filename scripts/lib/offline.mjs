// Tells from what a package client printed whether the network was the trouble. Pure.

const SIGNS = [
  /could not resolve host/i,
  /temporary failure (?:in name resolution|resolving)/i,
  /\b(?:ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/,
  /network is unreachable/i,
  /failed to connect to/i,
  /could not connect to/i,
];

export function isOffline(output) {
  return SIGNS.some((sign) => sign.test(output));
}
