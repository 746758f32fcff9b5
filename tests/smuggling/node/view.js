// Answers every request with how Node's http read it: method, target, body length.
// The port it listens on is its only line of output.
const http = require("http");

const server = http.createServer((request, response) => {
  let size = 0;
  request.on("data", (piece) => { size += piece.length; });
  request.on("end", () => {
    response.setHeader("x-view", `${request.method} ${request.url} ${size}`);
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
