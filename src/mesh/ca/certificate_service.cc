#include "mesh/ca/certificate_service.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/log.h"
#include "net/tls/san.h"
#include "observe/proto_writer.h"

namespace proa::mesh {
namespace {

using google::protobuf::internal::WireFormatLite;
using grpc::CallStatus;
using grpc::Code;

constexpr uint32_t kRequestTag = WireFormatLite::MakeTag(1, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr uint32_t kValidityTag = WireFormatLite::MakeTag(3, WireFormatLite::WIRETYPE_VARINT);
constexpr uint32_t kMetadataTag = WireFormatLite::MakeTag(4, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);

struct Caller {
  Authority& authority;
  JoinTokens& tokens;
};

Result<SpiffeId> identify(grpc::ServerCall& call, const Caller& caller, WallTime now) {
  const std::vector<std::string> domains{caller.authority.options().trust_domain};
  if (call.peer().tls && call.peer().tls->presented) return peer_identity(call.peer(), domains);
  if (!call.peer().tls && !call.peer().direct_remote.is_unix()) return fail("certificates are given over TLS only");
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = call.metadata().value(http::HeaderId::kAuthorization);
  if (!authorization.starts_with(kBearer)) return fail("neither a client certificate nor a join token");
  Result<SpiffeId> id = caller.tokens.redeem(authorization.substr(kBearer.size()), now);
  if (id && id->trust_domain != domains.front()) return fail("the token is of another trust domain");
  return id;
}

CallStatus answer(grpc::ServerCall& call, const Caller& caller, std::string_view bytes, std::string& response) {
  auto question = read_certificate_question(bytes);
  if (!question) return {Code::kInvalidArgument, question.error().message};
  if (question->impersonates) return {Code::kPermissionDenied, "nobody may ask for somebody else's certificate"};
  const WallTime now = call.loop().wall_now();
  auto id = identify(call, caller, now);
  if (!id) {
    log::get("ca").warn("no certificate for {}: {}", call.peer().remote.to_string(), id.error().message);
    return {Code::kUnauthenticated, id.error().message};
  }
  auto chain = caller.authority.certify(question->request_pem, *id, question->ttl, now);
  if (!chain) return {Code::kInvalidArgument, chain.error().message};
  log::get("ca").info("a certificate of {} for {}", id->text(), call.peer().remote.to_string());
  response = write_certificate_answer(*chain);
  return {};
}

}  // namespace

Result<CertificateQuestion> read_certificate_question(std::string_view bytes) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  const auto bad = fail("no IstioCertificateRequest");
  CertificateQuestion out;
  while (const uint32_t tag = in.ReadTag()) {
    if (tag == kRequestTag) {
      if (!WireFormatLite::ReadString(&in, &out.request_pem)) return bad;
    } else if (tag == kValidityTag) {
      uint64_t seconds = 0;
      if (!in.ReadVarint64(&seconds)) return bad;
      if (seconds > INT32_MAX) return fail("validity_duration is negative or beyond reason");
      out.ttl = std::chrono::seconds(seconds);
    } else if (tag == kMetadataTag) {
      std::string text;
      google::protobuf::Struct metadata;
      if (!WireFormatLite::ReadString(&in, &text) || !metadata.ParseFromString(text)) return bad;
      out.impersonates = out.impersonates || metadata.fields().contains("ImpersonatedIdentity");
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return bad;
    }
  }
  if (!in.ConsumedEntireMessage()) return bad;
  return out;
}

std::string write_certificate_answer(const std::vector<std::string>& chain) {
  std::string out;
  observe::ProtoWriter writer(out);
  for (const std::string& each : chain) writer.bytes(1, each);
  return out;
}

void add_certificate_service(grpc::Services& services, Authority& authority, JoinTokens& tokens) {
  services.add_unary(
      "/istio.v1.auth.IstioCertificateService/CreateCertificate",
      [caller = Caller{authority, tokens}](grpc::ServerCall& call, std::string_view request, std::string& response) {
        return answer(call, caller, request, response);
      });
}

}  // namespace proa::mesh
