# The eBPF programs of src/redirect/bpf, compiled for the kernel and put into proa. Without clang or libbpf, proa is built
# without them, and says so when they are asked for.
find_program(PROA_BPF_CLANG NAMES clang-19 clang)
pkg_check_modules(LIBBPF IMPORTED_TARGET libbpf>=1.0)
if(NOT PROA_BPF_CLANG OR NOT LIBBPF_FOUND)
  message(STATUS "no clang or no libbpf: proa redirect --mode EBPF is not built")
  return()
endif()
set(bpf_folder ${CMAKE_SOURCE_DIR}/src/redirect/bpf)
set(bpf_object ${CMAKE_BINARY_DIR}/redirect.bpf.o)
add_custom_command(
  OUTPUT ${bpf_object}
  COMMAND ${PROA_BPF_CLANG} -target bpf -O2 -g -Wall -Werror -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
          -c ${bpf_folder}/redirect.bpf.c -o ${bpf_object}
  DEPENDS ${bpf_folder}/redirect.bpf.c ${bpf_folder}/layout.h
  COMMENT "Compiling the eBPF programs"
  VERBATIM)
set_source_files_properties(src/redirect/ebpf.cc PROPERTIES
  OBJECT_DEPENDS ${bpf_object} COMPILE_OPTIONS "-DPROA_HAVE_BPF;-DPROA_BPF_OBJECT=\"${bpf_object}\"")
target_link_libraries(proa_redirect PUBLIC PkgConfig::LIBBPF)
