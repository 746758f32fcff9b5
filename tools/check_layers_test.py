"""check_layers.py against small trees made for one rule each."""
import pytest

from check_layers import check, read_layers

LAYERS = "base:\nnet: base\nhttp: base net\nconfig: base net http\nmesh: base net http\n"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "LAYERS").write_text("# comment\n" + LAYERS)

    def errors_of(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(("#pragma once\n" if name.endswith(".h") else "") + text)
        return check(tmp_path)[0]

    return errors_of


@pytest.mark.parametrize("name, text", [
    ("http/a.cc", '#include "http/a.h"\n#include "net/b.h"\n#include <vector>\n'),
    ("net/tls/a.cc", "#include <openssl/ssl.h>\n"),
    ("http/h1/a.h", '#include "base/bytes.h"\n'),
    ("config/a.cc", '#include "envoy/config/core/v3/base.pb.h"\n#include <google/protobuf/any.pb.h>\n'),
    ("mesh/push/a.cc", '#include "envoy/config/core/v3/base.pb.h"\n#include "mesh/ca/b.h"\n'),
    ("base/a_test.cc", "#include <iostream>\n"),
])
def test_allowed(tree, name, text):
    assert tree(name, text) == []


@pytest.mark.parametrize("name, text, word", [
    ("net/a.cc", '#include "http/b.h"\n', "net may not include http"),
    ("net/tls/a.cc", '#include "config/b.h"\n', "net may not include config"),
    ("http/a.cc", "#include <google/protobuf/any.pb.h>\n", "only in src/config, src/xds"),
    ("http/a.cc", '#  include "xds/type/v3/typed_struct.pb.h"\n', "only in src/config, src/xds"),
    ("mesh/push/a.cc", '#include "config/b.h"\n', "mesh may not include config"),
    ("net/a.cc", "#include <openssl/ssl.h>\n", "only in src/net/tls"),
    ("base/a.h", "#include <iostream>\n", "in a header"),
    ("base/a.h", "#include <regex>\n", "in a header"),
    ("base/a.cc", '#include "b.h"\n', "full path"),
    ("base/a.cc", '#include "nowhere/b.h"\n', "no folder nowhere"),
    ("nowhere/a.cc", "", "no folder nowhere"),
    ("base/a.cc", "\n" * 701, "701 lines"),
])
def test_refused(tree, name, text, word):
    errors = tree(name, text)
    assert len(errors) == 1 and word in errors[0], errors


def test_a_header_needs_pragma_once(tmp_path):
    (tmp_path / "LAYERS").write_text(LAYERS)
    (tmp_path / "base").mkdir()
    (tmp_path / "base/a.h").write_text("int a;\n")
    assert "no #pragma once" in check(tmp_path)[0][0]


def test_a_long_file_is_a_warning(tree, tmp_path):
    assert tree("base/a.cc", "\n" * 401) == []
    assert "401 lines" in check(tmp_path)[1][0]


def test_layers_must_be_in_order(tmp_path):
    (tmp_path / "LAYERS").write_text("net: base\nbase:\n")
    with pytest.raises(SystemExit, match="base, which no line above names"):
        read_layers(tmp_path / "LAYERS")
