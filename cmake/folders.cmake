# proa_folder(DIR LIBS...): everything of src/DIR, by the ends of the file names.
#
#   x.cc        the library proa_DIR (with / as _), which links LIBS
#   x_test.cc   the GoogleTest program test_DIR: one for the folder
#   x_fuzz.cc   a fuzz target, or its replay (cmake/fuzz.cmake)
#   x_bench.cc  the micro benchmark bench_DIR: one for the folder
#   x_main.cc   left to the caller
#
# Files are globbed: a new file needs no edit here.
function(proa_folder dir)
  string(REPLACE "/" "_" name ${dir})
  set(path ${CMAKE_SOURCE_DIR}/src/${dir})
  file(GLOB sources CONFIGURE_DEPENDS ${path}/*.cc)
  foreach(kind test fuzz bench main)
    set(${kind} ${sources})
    list(FILTER ${kind} INCLUDE REGEX "_${kind}\\.cc$")
    list(FILTER sources EXCLUDE REGEX "_${kind}\\.cc$")
  endforeach()

  if(sources)
    add_library(proa_${name} STATIC ${sources})
    target_include_directories(proa_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(proa_${name} PUBLIC ${ARGN})
    if(PROA_FUZZ)
      target_compile_options(proa_${name} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
  else()
    add_library(proa_${name} INTERFACE)
    target_include_directories(proa_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(proa_${name} INTERFACE ${ARGN})
  endif()

  if(PROA_TESTS AND test)
    add_executable(test_${name} ${test})
    target_link_libraries(test_${name} PRIVATE proa_${name} GTest::gmock GTest::gtest_main)
    add_test(NAME test_${name} COMMAND test_${name} --gtest_brief=1)
  endif()
  if(PROA_TESTS OR PROA_FUZZ)
    foreach(source ${fuzz})
      proa_fuzz(${name} ${source} proa_${name})
    endforeach()
  endif()
  if(PROA_BENCH AND bench)
    add_executable(bench_${name} ${bench})
    target_link_libraries(bench_${name} PRIVATE proa_${name} benchmark::benchmark_main)
  endif()
endfunction()
