// read_gateway_api: the Gateway API's objects out of their documents, with the rules of its CRDs.
#pragma once

#include "config/field_path.h"
#include "config/problems.h"
#include "mesh/model/gateway_api.h"

namespace proa::mesh {

/// `path` names the object.
void read(const Document& document, const config::FieldPath& path, ApiGatewayClassSpec& spec, config::Problems&);
void read(const Document& document, const config::FieldPath& path, ApiGatewaySpec& spec, config::Problems&);
void read(const Document& document, const config::FieldPath& path, HttpRouteSpec& spec, config::Problems&);
void read(const Document& document, const config::FieldPath& path, GrpcRouteSpec& spec, config::Problems&);
void read(const Document& document, const config::FieldPath& path, TlsRouteSpec& spec, config::Problems&);
void read(const Document& document, const config::FieldPath& path, TcpRouteSpec& spec, config::Problems&);
void read(const Document& document, const config::FieldPath& path, ReferenceGrantSpec& spec, config::Problems&);

}  // namespace proa::mesh
