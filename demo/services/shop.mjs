// The demo's HTTP/JSON service in Node: node shop.mjs PORT NAME. Nothing but Node itself is needed.
//
//   GET /items   what there is        GET /flaky   every other request fails with 503
//   GET /health  200, or 503 after POST /sick; POST /well heals         GET /served  how often it was asked what
import http from "node:http";

const [port, name] = process.argv.slice(2);
const served = {};
let sick = false;

const answers = {
  "GET /items": () => [200, { items: ["sail", "outrigger", "paddle"], service: name, language: "Node" }],
  "GET /flaky": () => (served["/flaky"] % 2 ? [503, { error: "not now", service: name }] : [200, { service: name }]),
  "GET /health": () => (sick ? [503, { service: name }] : [200, { service: name }]),
  "GET /served": () => [200, served],
  "POST /sick": () => ((sick = true), [200, {}]),
  "POST /well": () => ((sick = false), [200, {}]),
};

http
  .createServer((request, response) => {
    request.resume();
    served[request.url] = (served[request.url] ?? 0) + 1;
    const answer = answers[`${request.method} ${request.url}`] ?? (() => [404, { error: "no such page" }]);
    const [status, body] = answer();
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  })
  .listen(Number(port), "127.0.0.1");
