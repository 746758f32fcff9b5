// The interop test client: node client.js HOST:PORT CASE [CA AUTHORITY]; exit code 0 if the case passes.
const assert = require("assert");
const fs = require("fs");
const { grpc, testing } = require("./service");

const [target, name, ca, authority] = process.argv.slice(2);
const UP = [27182, 8, 1828, 45904];
const DOWN = [31415, 9, 2653, 58979];
const SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n";
const body = (size) => ({ body: Buffer.alloc(size) });
const wants = (down, up, interval) => ({ response_parameters: [{ size: down, interval_us: interval || 0 }], payload: body(up || 0) });
const soon = (seconds) => ({ deadline: Date.now() + seconds * 1000 });

const unary = (client, method, request, options, metadata) => new Promise((resolve) => {
  const seen = {};
  const call = client[method](request, metadata || new grpc.Metadata(), options || soon(20), (error, answer) => Object.assign(seen, { error, answer }));
  call.on("metadata", (m) => { seen.initial = m; });
  call.on("status", (status) => { seen.status = status; setImmediate(() => resolve(seen)); });
});

// Collects a stream of answers until its status.
const collect = (call) => new Promise((resolve) => {
  const seen = { sizes: [] };
  call.on("data", (answer) => { seen.sizes.push(answer.payload.body.length); });
  call.on("metadata", (m) => { seen.initial = m; });
  call.on("error", () => {});
  call.on("status", (status) => { seen.status = status; resolve(seen); });
});

async function statusAndMessage(client, message) {
  const wanted = { response_status: { code: 2, message } };
  const single = await unary(client, "UnaryCall", wanted);
  assert.deepStrictEqual([single.status.code, single.status.details], [2, message]);
  const call = client.FullDuplexCall(soon(20));
  const seen = collect(call);
  call.write(wanted);
  call.end();
  const { status } = await seen;
  assert.deepStrictEqual([status.code, status.details], [2, message]);
}

const cases = {
  async empty_unary(client) { assert.ifError((await unary(client, "EmptyCall", {})).error); },
  async large_unary(client) {
    const { answer } = await unary(client, "UnaryCall", { response_size: 314159, payload: body(271828) });
    assert.strictEqual(answer.payload.body.length, 314159);
  },
  client_streaming: (client) => new Promise((resolve, reject) => {
    const call = client.StreamingInputCall((error, answer) => {
      if (error || answer.aggregated_payload_size !== 74922) reject(error || new Error("size"));
      else resolve();
    });
    UP.forEach((size) => call.write({ payload: body(size) }));
    call.end();
  }),
  async server_streaming(client) {
    const seen = await collect(client.StreamingOutputCall({ response_parameters: DOWN.map((size) => ({ size })) }));
    assert.deepStrictEqual(seen.sizes, DOWN);
  },
  async ping_pong(client) {
    const call = client.FullDuplexCall(soon(20));
    let turn = 0;
    const next = () => { if (turn < UP.length) { call.write(wants(DOWN[turn], UP[turn])); turn += 1; } else call.end(); };
    const seen = collect(call);
    call.on("data", next);
    next();
    assert.deepStrictEqual((await seen).sizes, DOWN);
  },
  async empty_stream(client) {
    const call = client.FullDuplexCall(soon(20));
    const seen = collect(call);
    call.end();
    const { sizes, status } = await seen;
    assert.deepStrictEqual([sizes, status.code], [[], 0]);
  },
  async timeout_on_sleeping_server(client) {
    const call = client.FullDuplexCall(soon(0.001));
    const seen = collect(call);
    call.write(wants(1, 27182, 1000000));
    assert.strictEqual((await seen).status.code, grpc.status.DEADLINE_EXCEEDED);
  },
  async cancel_after_begin(client) {
    const code = await new Promise((resolve) => { client.StreamingInputCall((error) => resolve(error.code)).cancel(); });
    assert.strictEqual(code, grpc.status.CANCELLED);
  },
  async cancel_after_first_response(client) {
    const call = client.FullDuplexCall(soon(20));
    const seen = collect(call);
    call.on("data", () => call.cancel());
    call.write(wants(31415, 27182));
    assert.strictEqual((await seen).status.code, grpc.status.CANCELLED);
  },
  status_code_and_message: (client) => statusAndMessage(client, "test status message"),
  special_status_message: (client) => statusAndMessage(client, SPECIAL),
  async custom_metadata(client) {
    const metadata = new grpc.Metadata();
    metadata.add("x-grpc-test-echo-initial", "test_initial_metadata_value");
    metadata.add("x-grpc-test-echo-trailing-bin", Buffer.from("ababab", "hex"));
    const call = client.FullDuplexCall(metadata, soon(20));
    const duplex = collect(call);
    call.write(wants(1));
    call.end();
    for (const seen of [await unary(client, "UnaryCall", { response_size: 1 }, soon(20), metadata), await duplex]) {
      assert.deepStrictEqual(seen.initial.get("x-grpc-test-echo-initial"), ["test_initial_metadata_value"]);
      assert.strictEqual(seen.status.metadata.get("x-grpc-test-echo-trailing-bin")[0].toString("hex"), "ababab");
    }
  },
  async unimplemented_method(client) {
    assert.strictEqual((await unary(client, "UnimplementedCall", {})).status.code, grpc.status.UNIMPLEMENTED);
  },
  async unimplemented_service(_, other) {
    assert.strictEqual((await unary(other, "UnimplementedCall", {})).status.code, grpc.status.UNIMPLEMENTED);
  },
};

const credentials = ca ? grpc.credentials.createSsl(fs.readFileSync(ca)) : grpc.credentials.createInsecure();
const options = ca ? { "grpc.ssl_target_name_override": authority, "grpc.default_authority": authority } : {};
const client = new testing.TestService(target, credentials, options);
const other = new testing.UnimplementedService(target, credentials, options);
cases[name](client, other).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
