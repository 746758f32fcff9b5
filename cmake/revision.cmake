# The library proa_revision says which revision of the source the program was built from (src/cli/revision.h). Asked
# at each build; compiled only when it has changed.
set(revision_source ${CMAKE_BINARY_DIR}/revision.cc)
add_custom_target(find_revision
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${revision_source}
          -P ${CMAKE_SOURCE_DIR}/cmake/find_revision.cmake
  BYPRODUCTS ${revision_source}
  COMMENT "Asking git for the revision")
add_library(proa_revision STATIC ${revision_source})
target_include_directories(proa_revision PRIVATE ${CMAKE_SOURCE_DIR}/src)
add_dependencies(proa_revision find_revision)
