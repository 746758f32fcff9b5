// The testing service, loaded from the published protos of Debian's grpc-proto package.
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTOS = "/usr/share/grpc-proto";
const definition = loader.loadSync("grpc/testing/test.proto", { includeDirs: [PROTOS], keepCase: true, enums: String, defaults: true });
const testing = grpc.loadPackageDefinition(definition).grpc.testing;

module.exports = { grpc, testing };
