// envoy.extensions.filters.http.header_to_metadata.v3.Config, which configures the filter and a route's part of it.
#pragma once

#include <memory>

#include "config/site.h"
#include "envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata.pb.h"
#include "filters/all.h"

namespace proa::config {

class SupportedTable;

std::shared_ptr<filters::HeaderToMetadataConfig> compile_header_to_metadata(
    const envoy::extensions::filters::http::header_to_metadata::v3::Config& from, const Site& at);
void add_header_to_metadata_fields(SupportedTable& table);

}  // namespace proa::config
