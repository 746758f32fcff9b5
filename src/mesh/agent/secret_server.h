// Hands the workload's certificate and roots to the proxy beside it: Envoy's secret discovery service on a Unix socket.
#pragma once

#include <memory>
#include <string>

#include "grpc/server.h"
#include "grpc/services.h"
#include "mesh/agent/file_secrets.h"
#include "mesh/agent/identity.h"
#include "mesh/push/push_server.h"
#include "net/loop.h"

namespace proa::mesh {

/// The secrets by the names of Istio's agents: "default" is the certificate with its key, "ROOTCA" whom to trust.
std::shared_ptr<ResourceSet> secrets_of(const Identity& identity);

/// On its loop's thread. Until there is an identity, whoever asks waits. Secrets that are files are read when they are asked
/// for.
class SecretServer {
 public:
  explicit SecretServer(net::Loop& loop);
  SecretServer(const SecretServer&) = delete;
  SecretServer& operator=(const SecretServer&) = delete;

  /// On a Unix socket of mode 0600, so for the same user only. The folder's mode is the caller's.
  Status listen(const std::string& path);
  /// Pushes it to every open stream, at once.
  void publish(const Identity& identity);

 private:
  void asked(const Session& session);
  void publish();

  std::shared_ptr<const ResourceSet> own_;      ///< of the identity
  std::shared_ptr<const ResourceSet> secrets_;  ///< with those of files
  FileSecrets files_;
  grpc::Services services_;
  PushServer push_;
  grpc::Server server_;
};

}  // namespace proa::mesh
