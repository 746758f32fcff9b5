"""The comparison itself: what it finds, what the table forgives, what it may not forgive."""
from tests.parity import differences
from tests.parity.differences import Allowed


def test_equal_observations_have_no_difference():
    assert differences.differing({"a": 1}, {"a": 1}, ()) == {}


def test_missing_on_either_side_is_a_difference():
    assert differences.differing({"a": 1}, {"b": 2}, ()) == {"a": (1, differences.MISSING), "b": (differences.MISSING, 2)}


def test_ignored_fields_take_wildcards():
    assert differences.differing({"log[0].x": 1}, {"log[0].x": 2}, ("log[*].x",)) == {}


def test_brackets_are_no_wildcards():
    assert not differences.matches("log[0]", "log0")


def test_a_row_explains_its_field_only_and_remembers_it():
    rows = [Allowed("f/case", "client[0].status", "why")]
    left = differences.split("f/case", {"client[0].status": (1, 2), "client[0].body": (1, 2)}, rows)
    assert list(left) == ["client[0].body"] and rows[0].seen == {"f/case"}


def test_a_row_for_a_feature_does_not_explain_another():
    assert differences.split("g/case", {"x": (1, 2)}, [Allowed("f/*", "x", "why")]) == {"x": (1, 2)}


def test_table_is_read(tmp_path):
    path = tmp_path / "differences.md"
    path.write_text("| scenario | field | reason |\n| --- | --- | --- |\n| `f/case` | `log[0].DETAILS` | longer words |\n")
    assert [(r.scenario, r.field, r.reason) for r in differences.read_table(path)] == [("f/case", "log[0].DETAILS", "longer words")]
