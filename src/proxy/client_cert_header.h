// x-forwarded-client-cert in its five modes (HttpConnectionManager.forward_client_cert_details).
#pragma once

#include "base/arena.h"
#include "http/headers.h"
#include "net/transport.h"
#include "proxy/connection_manager.h"

namespace proa::proxy {

/// Brings the header into the state that the mode asks for. `tls` is null for clear text.
void update_client_cert_header(const ConnectionManager& manager, const net::TlsInfo* tls, http::HeaderList& headers);

}  // namespace proa::proxy
