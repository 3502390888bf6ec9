"""The script that brings pages to life, and the tables beside it."""

import base64
import gzip
import json
import re

from reading import live, tables


def test_the_script_holds_each_widgets_module_as_a_function():
    script = live.script()
    assert "export default" not in script and "import " not in re.sub("//.*", "", script)
    for name in live.WIDGETS:
        assert script.count(f"const {name} = (() => {{") == 1
    assert f"const WIDTHS = {json.dumps(list(tables.WIDTHS))};" in script


def test_tables_lie_beside_the_pages_as_scripts(tmp_path):
    live.write(tmp_path, live.script())
    written = {path.stem: path.read_text() for path in (tmp_path / "figures").glob("*.js")}
    assert set(written) == {path.name.removesuffix(".gz") for path in tables.FOLDER.glob("*.gz")}
    for name, text in written.items():
        called, packed = re.fullmatch(r'stored\("([^"]+)", "([^"]+)"\);\n', text).groups()
        assert called == name
        content = json.loads(gzip.decompress(base64.b64decode(packed)))
        assert content == tables.load(tables.FOLDER / f"{name}.gz")


def test_each_figure_with_a_table_has_one_for_each_width():
    files = {path.name for path in tables.FOLDER.glob("*.gz")}
    parts = ["words", *map(str, tables.WIDTHS)]
    assert files == {f"{name}.{part}.gz" for name in tables.names() for part in parts}
