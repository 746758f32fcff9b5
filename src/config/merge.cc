#include "config/merge.h"

#include <google/protobuf/message.h>

#include <memory>

#include "config/message_reader.h"

namespace proa::config {

void merge(const Node& over, google::protobuf::Message& base, Marks& marks, Problems& problems,
           bool unknown_fields_are_warnings) {
  const std::unique_ptr<google::protobuf::Message> message(base.New());
  read_message(over, *message, marks, problems, {},
               {.under = &base, .unknown_fields_are_warnings = unknown_fields_are_warnings});
  base.MergeFrom(*message);
}

}  // namespace proa::config
