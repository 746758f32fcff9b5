# proa_fuzz(FOLDER SOURCE LIBRARY): one fuzz target of src/FOLDER/x_fuzz.cc.
#
# With PROA_FUZZ it is a libFuzzer program; otherwise it is a test that replays fuzz/corpus/x (seeds) and
# fuzz/regress/x (inputs that once failed). A target without seeds would test nothing, so it is an error.
function(proa_fuzz folder source library)
  get_filename_component(target ${source} NAME)
  string(REGEX REPLACE "_fuzz\\.cc$" "" target ${target})
  set(corpus ${CMAKE_SOURCE_DIR}/fuzz/corpus/${target})
  set(regress ${CMAKE_SOURCE_DIR}/fuzz/regress/${target})
  file(GLOB seeds CONFIGURE_DEPENDS ${corpus}/*)
  if(NOT seeds)
    message(FATAL_ERROR "${source} has no corpus: put at least one input into fuzz/corpus/${target}/")
  endif()
  if(PROA_FUZZ)
    set(program fuzz_${folder}_${target})
    add_executable(${program} ${source})
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  else()
    set(program replay_${folder}_${target})
    add_executable(${program} ${source} ${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc)
    add_test(NAME ${program} COMMAND ${program} ${corpus} ${regress})
  endif()
  target_link_libraries(${program} PRIVATE ${library})
endfunction()
