// For suites that know AWS's own address alone: what they send there goes to DYNAMODB_ENDPOINT.

const http = require('node:http')

const endpoint = new URL(process.env.DYNAMODB_ENDPOINT)
const request = http.request

http.request = function (options, ...rest) {
  if (/^dynamodb\..+\.amazonaws\.com$/.test(options?.host)) {
    options = { ...options, host: endpoint.hostname, port: endpoint.port }
  }
  return request.call(http, options, ...rest)
}
