"""Results as JSON and as Markdown. Paths of the checkout and of scratch folders do not get in."""
import json
import re


def clean(text, root, scratch):
    """`./build/...` and `$DIR/...` instead of where things happen to be."""
    return re.sub(r"\$DIR/\S*?-\d+/", "$DIR/", text.replace(str(scratch), "$DIR").replace(str(root) + "/", "./"))


def to_json(result):
    return json.dumps(result, indent=1) + "\n"


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def rows_to_markdown(rows):
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def to_markdown(result):
    out = ["# Measured side by side", "", "Made by `make bench`; every sample is in the JSON file beside this one.", ""]
    out.append(", ".join(f"{key}: {value}" for key, value in result["machine"].items()) + ".")
    out.append(f"{result['blocks']} blocks of {result['seconds']} s a lane, each block once forward and once backward; "
               "medians, and medians of the ratios in each block. The proxy has core 0, load and upstream have core 1. "
               "CPU is field 1 of /proc/PID/task/*/schedstat over completed requests.")
    if result["others_share"] > 0.05:
        out.append(f"\n**The machine was not quiet: {result['others_share']:.0%} of core 0 went to other work.** "
                   "Absolute figures are too high; ratios hold roughly.")
    out += ["", "Versions: " + "; ".join(result["versions"].values()) + ".", ""]
    for name, table in result["scenarios"].items():
        out += [f"## {name}: {table['title']}", "", rows_to_markdown(table["rows"]), ""]
        if table["rows"] and "CPU" in table["unit"]:
            out += [f"Figures: {table['unit']}.", ""]
        if table["note"]:
            out += [table["note"], ""]
        if table["void"]:
            out += [f"Void samples: {table['void']}, the first because: {table['first_void']}.", ""]
        for peer, reason in table["left_out"].items():
            out.append(f"* {peer}: {reason}")
        out += ["", "```", *(f"# {label}\n{command}" for label, command in table["commands"].items()), "```", ""]
    return "\n".join(out)
