// findings: what is wrong with the objects of a feed, in the API's words.
#pragma once

#include "mesh/api/objects.pb.h"
#include "mesh/model/world_feed.h"

namespace proa::mesh {

/// Of each object and file by itself, and among objects; by file and line.
proa::api::v1::AnalyzeResponse findings_of(const WorldFeed& feed);

}  // namespace proa::mesh
