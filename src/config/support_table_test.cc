// The table of the whole program, against the API that it is linked with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "config/supported.h"

namespace proa::config {
namespace {

TEST(SupportTable, names_fields_that_exist_and_each_once) {
  EXPECT_THAT(supported_table().mistakes(), testing::IsEmpty());
  EXPECT_GT(supported_table().types().size(), 100U);
}

}  // namespace
}  // namespace proa::config
