// read_kubernetes: Kubernetes' objects out of their documents.
#pragma once

#include "config/field_path.h"
#include "config/problems.h"
#include "mesh/model/kubernetes.h"

namespace proa::mesh {

/// `path` names the object.
void read(const Document& document, const config::FieldPath& path, K8sServiceSpec& spec, config::Problems& problems);
void read(const Document& document, const config::FieldPath& path, K8sEndpointSliceSpec& spec,
          config::Problems& problems);
void read(const Document& document, const config::FieldPath& path, K8sNamespaceSpec& spec, config::Problems& problems);
void read(const Document& document, const config::FieldPath& path, K8sSecretSpec& spec, config::Problems& problems);

}  // namespace proa::mesh
