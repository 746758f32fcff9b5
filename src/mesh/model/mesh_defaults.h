// mesh_defaults: what a MeshConfig says where nobody wrote anything (istio/pkg/config/mesh/mesh.go).
#pragma once

#include "config/yaml_tree.h"

namespace istio::mesh::v1alpha1 {
class MeshConfig;
}

namespace proa::mesh {

istio::mesh::v1alpha1::MeshConfig default_mesh_config();

/// `written` was read from the mapping `node`. Each field that stands there replaces the default's, but of defaultConfig
/// and defaultProviders those within do, and extensionProviders add to the default's (one of the same name replaces).
istio::mesh::v1alpha1::MeshConfig with_defaults(const istio::mesh::v1alpha1::MeshConfig& written,
                                                const config::Node& node);

}  // namespace proa::mesh
