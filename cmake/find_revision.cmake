# cmake -DSOURCE=... -DOUT=... -P find_revision.cmake: writes OUT, unless it says the same already. Without git, or
# outside of a checkout, the revision is empty.
execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
                OUTPUT_VARIABLE changes ERROR_QUIET)
set(modified false)
if(changes)
  set(modified true)
endif()
set(text "#include \"cli/revision.h\"

namespace proa::cli {

const char* const kRevision = \"${revision}\";
const bool kModified = ${modified};

}  // namespace proa::cli
")
set(before "")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
