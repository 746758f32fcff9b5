// The interop test service. node server.js [CERT KEY]; prints its port as its only line.
const fs = require("fs");
const { grpc, testing } = require("./service");

const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";
const payload = (size) => ({ body: Buffer.alloc(size) });

// Sends back the metadata that the test asks for; returns the trailing part.
function echo(call) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of call.metadata.get(INITIAL)) initial.add(INITIAL, value);
  for (const value of call.metadata.get(TRAILING)) trailing.add(TRAILING, value);
  call.sendMetadata(initial);
  return trailing;
}

function asked(request) {
  const status = request.response_status;
  return status && status.code ? { code: status.code, details: status.message } : null;
}

const implementation = {
  EmptyCall: (call, done) => done(null, {}),
  UnaryCall: (call, done) => {
    const trailing = echo(call);
    const failure = asked(call.request);
    if (failure) done(failure);
    else done(null, { payload: payload(call.request.response_size) }, trailing);
  },
  StreamingOutputCall: (call) => {
    for (const wanted of call.request.response_parameters) call.write({ payload: payload(wanted.size) });
    call.end();
  },
  StreamingInputCall: (call, done) => {
    let size = 0;
    call.on("data", (request) => { size += request.payload.body.length; });
    call.on("end", () => done(null, { aggregated_payload_size: size }));
  },
  FullDuplexCall: (call) => {
    const trailing = echo(call);
    let failed = false;
    let waiting = 0;
    let ended = false;
    const finish = () => { if (ended && !waiting && !failed) call.end(trailing); };
    call.on("data", (request) => {
      const failure = asked(request);
      if (failure) {
        failed = true;
        call.emit("error", failure);
        return;
      }
      for (const wanted of request.response_parameters) {
        waiting += 1;
        const answer = () => { call.write({ payload: payload(wanted.size) }); waiting -= 1; finish(); };
        if (wanted.interval_us) setTimeout(answer, wanted.interval_us / 1000);
        else answer();
      }
    });
    call.on("end", () => { ended = true; finish(); });
  },
};

const [cert, key] = process.argv.slice(2);
const credentials = cert
  ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: fs.readFileSync(cert), private_key: fs.readFileSync(key) }])
  : grpc.ServerCredentials.createInsecure();
const server = new grpc.Server();
server.addService(testing.TestService.service, implementation);
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
